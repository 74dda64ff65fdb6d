module oracle/goregex

go 1.25
