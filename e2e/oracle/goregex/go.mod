module oracle/goregex

go 1.25

require oracle/lines v0.0.0

replace oracle/lines => ../lines
