import pymysql

DEADLOCK = 1213
TAKE = "UPDATE accounts SET balance = balance - %s WHERE name = 'alice'"
GIVE = "UPDATE accounts SET balance = balance + %s WHERE name = 'bob'"


def is_deadlock(error):
    return error.args[0] == DEADLOCK


def fragile_transfer(connection, amount):
    with connection.cursor() as cursor:
        cursor.execute(TAKE, (amount,))
        try:
            cursor.execute(GIVE, (amount,))
        except pymysql.err.OperationalError as error:
            if not is_deadlock(error):
                raise
            # Wrong: the deadlock has rolled back the first update, too.
            cursor.execute(GIVE, (amount,))
    connection.commit()


def robust_transfer(connection, amount, attempts=3):
    for attempt in range(1, attempts + 1):
        try:
            with connection.cursor() as cursor:
                cursor.execute(TAKE, (amount,))
                cursor.execute(GIVE, (amount,))
            connection.commit()
            return
        except pymysql.err.OperationalError as error:
            connection.rollback()
            if not is_deadlock(error) or attempt == attempts:
                raise
