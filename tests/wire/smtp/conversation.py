"""
A session of smtplib with aiosmtpd 1.4: AUTH, a mail to two recipients of whom one is
refused, a mail that nobody may have, an empty mail.
"""

#: Who spoke, and what.
CONVERSATION = (
    ("backend", b"220 localhost Python SMTP 1.4.6\r\n"),
    ("client", b"ehlo client.example\r\n"),
    ("backend", b"250-localhost\r\n"),
    ("backend", b"250-SIZE 33554432\r\n"),
    ("backend", b"250-8BITMIME\r\n"),
    ("backend", b"250-SMTPUTF8\r\n"),
    ("backend", b"250-AUTH LOGIN PLAIN\r\n250 HELP\r\n"),
    ("client", b"AUTH PLAIN AGFwcABzZWNyZXQ=\r\n"),
    ("backend", b"235 2.7.0 Authentication successful\r\n"),
    ("client", b"mail FROM:<a@example.org> size=30\r\n"),
    ("backend", b"250 OK\r\n"),
    ("client", b"rcpt TO:<b@example.org>\r\n"),
    ("backend", b"250 2.1.5 OK\r\n"),
    ("client", b"rcpt TO:<nobody@example.org>\r\n"),
    ("backend", b"550 5.1.1 no such user\r\n"),
    ("client", b"data\r\n"),
    ("backend", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
    ("client", b"Subject: hi\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n"),
    ("backend", b"250 2.0.0 Message accepted\r\n"),
    ("client", b"mail FROM:<a@example.org> size=1\r\n"),
    ("backend", b"250 OK\r\n"),
    ("client", b"rcpt TO:<nobody@example.org>\r\n"),
    ("backend", b"550 5.1.1 no such user\r\n"),
    ("client", b"rset\r\n"),
    ("backend", b"250 OK\r\n"),
    ("client", b"mail FROM:<a@example.org> size=0\r\n"),
    ("backend", b"250 OK\r\n"),
    ("client", b"rcpt TO:<b@example.org>\r\n"),
    ("backend", b"250 2.1.5 OK\r\n"),
    ("client", b"data\r\n"),
    ("backend", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
    ("client", b"\r\n.\r\n"),
    ("backend", b"250 2.0.0 Message accepted\r\n"),
    ("client", b"quit\r\n"),
    ("backend", b"221 Bye\r\n"),
)
