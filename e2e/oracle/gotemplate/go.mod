module oracle/gotemplate

go 1.24

require oracle/lines v0.0.0

replace oracle/lines => ../lines
