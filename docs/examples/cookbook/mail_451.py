import smtplib


def fragile_send(host, port, mails):
    with smtplib.SMTP(host, port) as smtp:
        for mail in mails:
            try:
                smtp.send_message(mail)
            except smtplib.SMTPException as error:
                # Wrong: the mail is lost, though the server only asked to wait.
                print(f"cannot send to {mail['To']}: {error}")
    return []


def robust_send(host, port, mails):
    """
    The mails to send again in some minutes.
    """
    later = []
    with smtplib.SMTP(host, port) as smtp:
        for mail in mails:
            try:
                smtp.send_message(mail)
            except smtplib.SMTPRecipientsRefused as error:
                codes = [code for code, _ in error.recipients.values()]
                if all(400 <= code < 500 for code in codes):
                    later.append(mail)
                else:
                    print(f"cannot send to {mail['To']}: {error}")
            except smtplib.SMTPResponseException as error:
                if 400 <= error.smtp_code < 500:
                    later.append(mail)
                else:
                    print(f"cannot send to {mail['To']}: {error}")
    return later
