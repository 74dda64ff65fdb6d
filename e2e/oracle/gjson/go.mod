module oracle/gjson

go 1.24

require github.com/tidwall/gjson v1.18.0

require (
	github.com/tidwall/match v1.2.0 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
)

require oracle/lines v0.0.0

replace oracle/lines => ../lines
