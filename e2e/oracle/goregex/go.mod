module oracle/goregex

go 1.24
