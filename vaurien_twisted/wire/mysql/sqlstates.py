# -*- test-case-name: tests.wire.mysql.test_sqlstates -*-
"""
The SQLSTATE that a server sends with an error number.

Sources: dev.mysql.com, "Server Error Message Reference"; mariadb.com/kb, "MariaDB Error Code
Reference".  Both give 1000 to 1899 the same meaning, and MariaDB alone uses 1900 to 1999.
"""

from __future__ import annotations

#: The SQLSTATE of all other numbers.
GENERAL = "HY000"

#: Numbers and ranges of numbers, by SQLSTATE.
NUMBERS = {
    "01000": "1249 1261-1262 1265 1311 1642",
    "02000": "1329 1643",
    "08004": "1040 1251",
    "08S01": "1042-1043 1047 1053 1080-1081 1152-1161 1184 1189-1190 1218",
    "0A000": "1312 1314 1335-1336 1415 1845-1846",
    "0K000": "1645",
    "0L000": "1446 1960",
    "20000": "1339",
    "21000": "1222 1241-1242",
    "21S01": "1058 1136",
    "22001": "1406",
    "22003": "1264 1416 1690 1916-1917",
    "22004": "1138 1263",
    "22007": "1292 1366-1367 1918 1921 1978",
    "22008": "1441",
    "22012": "1365",
    "23000": "1022 1048 1052 1062 1169 1216-1217 1451-1452 1586 1761-1762 1859",
    "24000": "1325-1326",
    "25000": "1179 1207",
    "25001": "1568",
    "25006": "1792",
    "28000": "1045 1133 1698 1873",
    "2F003": "1303",
    "2F005": "1321",
    "35000": "1758",
    "3D000": "1046",
    "40001": "1213",
    "42000": """
        1044 1049 1055-1057 1059 1061 1063-1075 1083-1084 1090-1091 1102-1104 1106-1107 1110
        1112-1113 1115 1118 1120-1121 1131-1132 1139-1145 1147-1149 1162-1164 1166-1167 1170-1173
        1176-1178 1203 1211 1226-1227 1230-1232 1234-1235 1239 1248 1250 1252-1253 1280-1281 1286
        1304-1305 1308-1310 1313 1315-1316 1318-1320 1322-1324 1327 1330-1333 1337-1338 1370 1403
        1407 1410 1413-1414 1425-1427 1437 1439 1453 1458 1460-1461 1463 1582-1584 1630 1641 1687
        1701 1970-1971
    """,
    "42S01": "1050",
    "42S02": "1051 1109 1146 1932 1965",
    "42S12": "1082",
    "42S21": "1060",
    "42S22": "1054 1247",
    "44000": "1369",
    "70100": "1317 1927 1969",
    "HY001": "1037-1038",
    "OP000": "1959",
    "XA100": "1402",
    "XA102": "1614",
    "XA106": "1613",
    "XAE03": "1401",
    "XAE04": "1397",
    "XAE05": "1398",
    "XAE07": "1399",
    "XAE08": "1440",
    "XAE09": "1400",
}


def _byNumber() -> dict[int, str]:
    found = {}
    for state, numbers in NUMBERS.items():
        for part in numbers.split():
            first, _, last = part.partition("-")
            found.update(dict.fromkeys(range(int(first), int(last or first) + 1), state))
    return found


_STATES = _byNumber()


def sqlState(number: int) -> str:
    """
    The SQLSTATE of an error number: five digits and letters.
    """
    return _STATES.get(number, GENERAL)
