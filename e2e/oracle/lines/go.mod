module oracle/lines

go 1.24
