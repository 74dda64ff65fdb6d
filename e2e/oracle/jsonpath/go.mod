module oracle/jsonpath

go 1.24

require github.com/PaesslerAG/jsonpath v0.1.1

require (
	github.com/PaesslerAG/gval v1.2.4 // indirect
	github.com/shopspring/decimal v1.4.0 // indirect
)

require oracle/lines v0.0.0

replace oracle/lines => ../lines
