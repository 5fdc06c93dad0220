"""The one process per state directory that owns the database and answers the doors.

`main` does what must be done before anybody waits (lock, socket, report) with few imports;
`service` is the rest.
"""
