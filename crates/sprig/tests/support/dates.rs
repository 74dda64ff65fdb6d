//! Cases of the family `dates`.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [SHOWING, ZONES, MODIFYING, READING, DURATIONS, METHODS, OBJECTS].concat()
}

const SHOWING: &[&str] = &[
    "{{ now }} {{ now.Year }} {{ printf \"%T %v %s %q %#v\" now now now now now }}",
    r#"{{ date "2006-01-02T15:04:05Z07:00" now }} {{ now | date "Mon Jan _2 15:04:05 MST 2006" }}"#,
    r#"{{ date "Monday, January 2 2006 3:04:05.000 PM pm -0700" 0 }} {{ date "Jan Mon 01 1 02 2 _2 002 __2" 1000000 }}"#,
    r#"{{ date "" 0 }}|{{ date "no elements here" 0 }}|{{ date "\xff\x00é" 0 }}|{{ date .bin 0 | printf "%q" }}"#,
    r#"{{ date "2006 06 1 01 Jan January Monday Mon 2 02 _2 15 3 03 4 04 5 05 PM pm MST" .i64 }}"#,
    r#"{{ date "2006-01-02 15:04:05" -9223372036854775808 }} {{ date "2006-01-02 15:04:05" 9223372036854775807 }}"#,
    r#"{{ date "2006 06" -62135596800 }} {{ date "2006 06" -62135596801 }} {{ date "2006 06" -99999999999 }}"#,
    r#"{{ date "2006-01-02" 253402300799 }} {{ date "2006-01-02" 253402300800 }} {{ date "2006-01-02 Mon" -1 }}"#,
    r#"{{ date "Janu Janet Mont Mond Months 2 22 222 2006 20062 12006 15 115 16 116 _2006 __2006 ___2" 86400 }}"#,
    r#"{{ date ".000 ,000 .999 ,999 .0 .9 .00000000000 .99999999999 .0001 .9990 .09" now }}"#,
    r#"{{ date ".000 ,999 .9" (now.Add -123456789) }} {{ date ".999999" (now.Add -123456700) }}"#,
    r#"{{ date "-07 -0700 -07:00 -070000 -07:00:00 Z07 Z0700 Z07:00 Z070000 Z07:00:00 -7 Z7" 0 }}"#,
    r#"{{ date "01020304050607 010 00 002 0023 07" 123456789 }}"#,
    r"{{ date 1 0 }}",
    r#"{{ date "2006" }}"#,
    r"{{ htmlDate 0 }} {{ htmlDate now }} {{ htmlDate 951782400 }} {{ htmlDate 951868800 }} {{ htmlDate -1 }}",
    r"{{ htmlDate .i64 }} {{ htmlDate .when }} {{ now | htmlDate }}",
    r"{{ htmlDate -62167219200 }} {{ htmlDate -62167219201 }} {{ htmlDate 4102444800 }}",
    r"{{ htmlDate }}",
    r"{{ htmlDate 1 2 }}",
    r#"{{ htmlDate (toDate "2006" "x") }} {{ htmlDate (toDate "2006-01-02" "2024-02-29") }}"#,
    r"{{ htmlDate 68256000 }} {{ htmlDate 951696000 }} {{ htmlDate -2203977600 }}",
];

const ZONES: &[&str] = &[
    r#"{{ dateInZone "2006-01-02 15:04 MST -07:00" 0 "Europe/Berlin" }} {{ dateInZone "15:04 MST" 0 "UTC" }}"#,
    r#"{{ date_in_zone "2006-01-02 15:04 MST Z07:00" 1720000000 "Europe/Berlin" }} {{ date_in_zone "15 MST" 0 "" }}"#,
    r#"{{ dateInZone "15:04 MST" 0 "Local" }} {{ dateInZone "15:04 MST" 0 "nowhere" }} {{ dateInZone "15:04 MST" 0 "../etc/passwd" }}"#,
    r#"{{ dateInZone "15:04 MST" 0 "europe/berlin" }} {{ dateInZone "15:04 MST" 0 "/usr/share/zoneinfo/Asia/Tokyo" }} {{ dateInZone "15:04 MST" 0 .bin }}"#,
    r#"{{ dateInZone "15:04:05 MST -07:00:00 Z070000" -5000000000 "Europe/Paris" }}"#,
    r#"{{ dateInZone "2006-01-02 15:04:05 MST -07:00:00" -99999999999 "America/New_York" }}"#,
    r#"{{ dateInZone "2006-01-02 15:04:05 MST" 99999999999 "America/New_York" }} {{ dateInZone "2006-01-02 15:04:05 MST" 99980000000 "America/New_York" }}"#,
    r#"{{ dateInZone "2006-01-02 15:04 MST" 999999999999999 "Europe/Berlin" }} {{ dateInZone "2006-01-02 15:04 MST" .i64 "Europe/Berlin" }}"#,
    r#"{{ dateInZone "15:04 MST -07" 1720000000 "Asia/Kolkata" }} {{ dateInZone "15:04 MST -0700" 1720000000 "America/Sao_Paulo" }}"#,
    r#"{{ dateInZone "15:04 MST" 1720000000 "EST" }} {{ dateInZone "15:04 MST" 1720000000 "Etc/GMT+5" }} {{ dateInZone "15:04 MST" 1720000000 "GMT" }}"#,
    r#"{{ dateInZone "15:04 MST" 1720000000 "Australia/Lord_Howe" }} {{ dateInZone "15:04 MST" 1704067200 "Australia/Lord_Howe" }}"#,
    r#"{{ dateInZone "15:04 MST" 1720000000 "Europe/Dublin" }}"#,
    r#"{{ date_in_zone "2006" 0 }}"#,
    r#"{{ date_in_zone "2006" 0 1 }}"#,
    r#"{{ date_in_zone .e 0 "UTC" }}|{{ date_in_zone "15" .when "Asia/Tokyo" }}|{{ date_in_zone "15" now "Pacific/Apia" }}"#,
    r#"{{ date_in_zone "MST" -3000000000 "Asia/Tokyo" }} {{ date_in_zone "15:04:05 MST" -3000000000 "Africa/Monrovia" }}"#,
    r#"{{ date_in_zone "2006-01-02 15:04" 1711846799 "Europe/Berlin" }} {{ date_in_zone "2006-01-02 15:04" 1711846800 "Europe/Berlin" }}"#,
    r#"{{ date_in_zone "15:04 MST" 1729990799 "Europe/Berlin" }} {{ date_in_zone "15:04 MST" 1729990800 "Europe/Berlin" }}"#,
    r#"{{ date_in_zone "15:04 MST" 0 "US/Pacific" }} {{ date_in_zone "15:04 MST" 0 "CET" }} {{ date_in_zone "15:04 MST" 0 "Zulu" }}"#,
    r#"{{ date_in_zone "15:04 MST" -99999999 "Antarctica/Troll" }} {{ date_in_zone "15:04 MST" 1720000000 "Antarctica/Troll" }}"#,
    r#"{{ htmlDateInZone 0 "America/New_York" }} {{ htmlDateInZone 0 "Asia/Tokyo" }} {{ htmlDateInZone 0 "x" }} {{ htmlDateInZone now "UTC" }}"#,
    r#"{{ htmlDateInZone 82800 "Europe/Berlin" }} {{ htmlDateInZone .when "Pacific/Kiritimati" }} {{ htmlDateInZone .i64 "" }}"#,
    r"{{ htmlDateInZone 1 }}",
    r"{{ htmlDateInZone 1 nil }}",
    r#"{{ htmlDateInZone -1 "Local" }} {{ htmlDateInZone 1325203200 "Pacific/Apia" }} {{ htmlDateInZone 1325239200 "Pacific/Apia" }}"#,
    r#"{{ htmlDateInZone 0 "Europe\\Berlin" }} {{ htmlDateInZone 0 " UTC" }} {{ htmlDateInZone 0 "utc" }}"#,
];

const MODIFYING: &[&str] = &[
    r#"{{ now | dateModify "-1.5h" }} {{ dateModify "24h" .when }} {{ dateModify "x" .when }} {{ dateModify "" .when }}"#,
    r#"{{ date_modify "1h30m15s500ms" .when }} {{ now | date_modify "-1ns" }} {{ date_modify "+0" .when }}"#,
    r#"{{ dateModify "1h" 5 }}"#,
    r#"{{ dateModify "1h" nil }}"#,
    r"{{ dateModify 1 now }}",
    r#"{{ date_modify "2562047h47m16.854775807s" .when }} {{ date_modify "-2562047h47m16.854775808s" .when }}"#,
    r#"{{ date_modify "1us" .when }} {{ date_modify "1µs" .when }} {{ date_modify "1μs" .when }} {{ date_modify "1d" .when }}"#,
    r#"{{ dateModify ".5s" .when }} {{ dateModify "5.s" .when }} {{ dateModify ".s" .when }} {{ dateModify "-.5s" .when }} {{ dateModify "1e3s" .when }}"#,
    r#"{{ (dateModify "1h" .when).Hour }} {{ printf "%T" (dateModify "1h" .when) }}"#,
    r#"{{ date_modify "1h" (toDate "2006" "x") }} {{ date_modify "-1h" (toDate "2006" "x") }}"#,
    r#"{{ mustDateModify "1h" .when }} {{ must_date_modify "-1m" now }}"#,
    r#"{{ mustDateModify "x" .when }}"#,
    r#"{{ mustDateModify "" .when }}"#,
    r#"{{ mustDateModify "1" .when }}"#,
    r#"{{ mustDateModify "1h-1m" .when }}"#,
    r#"{{ mustDateModify "1 h" .when }}"#,
    r#"{{ mustDateModify "9223372036854775808ns" .when }}"#,
    r#"{{ mustDateModify "-9223372036854775808ns" .when }}"#,
    r#"{{ mustDateModify "1h" "x" }}"#,
    r#"{{ must_date_modify "0" .when }} {{ must_date_modify "-0" .when }} {{ must_date_modify "0.0000000000001h" .when }}"#,
    r#"{{ must_date_modify "00" .when }}"#,
    r#"{{ must_date_modify "3000000h" .when }}"#,
    r#"{{ must_date_modify "1h1h1h" .when }} {{ must_date_modify "0.3333333333333333333h" .when }}"#,
    r"{{ must_date_modify .bin .when }}",
    r#"{{ must_date_modify "\xffs" .when }}"#,
];

const READING: &[&str] = &[
    r#"{{ toDate "2006-01-02" "2017-12-31" }} {{ toDate "2006-01-02" "x" }} {{ toDate "" "" }} {{ toDate "" "x" }}"#,
    r#"{{ toDate "2006-01-02T15:04:05Z07:00" "2024-02-29T23:59:59.5+02:00" }} {{ toDate "2006-01-02T15:04:05Z07:00" "2024-02-29T23:59:59Z" }}"#,
    r#"{{ toDate "2006-01-02" "2023-02-29" }} {{ toDate "2006-01-02" "2023-13-01" }} {{ toDate "2006-01-02" "2023-00-01" }} {{ toDate "2006-1-2" "2023-1-2" }}"#,
    r#"{{ toDate "Mon, 02 Jan 2006 15:04:05 MST" "Tue, 10 Nov 2009 23:00:00 UTC" }} {{ toDate "Mon, 02 Jan 2006 15:04:05 MST" "tue, 10 nov 2009 23:00:00 PST" }}"#,
    r#"{{ toDate "Monday January _2 3:04PM" "friday may  5 4:05AM" }} {{ toDate "3PM" "12AM" }} {{ toDate "3PM" "12PM" }} {{ toDate "3pm" "13pm" }} {{ toDate "3PM" "0PM" }}"#,
    r#"{{ toDate "06" "68" }} {{ toDate "06" "69" }} {{ toDate "06" "-5" }} {{ toDate "06" "+5" }} {{ toDate "2006" "-005" }} {{ toDate "2006" "0000" }}"#,
    r#"{{ toDate "2006 002" "2024 060" }} {{ toDate "2006 002" "2023 060" }} {{ toDate "2006 __2" "2023   1" }} {{ toDate "2006 002" "2024 366" }} {{ toDate "2006 002" "2023 366" }}"#,
    r#"{{ toDate "2006-01-02 002" "2024-02-29 060" }} {{ toDate "2006-01-02 002" "2024-02-28 060" }} {{ toDate "2006-01 002" "2024-03 060" }}"#,
    r#"{{ toDate "15:04:05" "1:2:3" }} {{ toDate "15:04:05" "1:02:03" }} {{ toDate "15:4:5" "1:2:3" }} {{ toDate "15" "24" }} {{ toDate "4" "60" }} {{ toDate "5" "60" }}"#,
    r#"{{ toDate "5.000" "1.234" }} {{ toDate "5.000" "1.2345" }} {{ toDate "5.000" "1,234" }} {{ toDate "5.999" "1" }} {{ toDate "5.999" "1.23456789012345" }} {{ toDate "5" "1.5" }}"#,
    r#"{{ toDate "-0700" "+0130" }} {{ toDate "-07:00" "-01:30" }} {{ toDate "-07" "+14" }} {{ toDate "-07" "+25" }} {{ toDate "-07:00:00" "+01:02:03" }} {{ toDate "Z07" "Z" }}"#,
    r#"{{ toDate "-0700 MST" "+0000 GMT" }} {{ toDate "-0700 MST" "+0000 UTC" }} {{ toDate "-0700" "+0000" }} {{ toDate "-07:00:00" "-00:00:01" }} {{ toDate "-0700 MST" "+0200 CEST" }}"#,
    r#"{{ toDate "MST" "GMT+3" }} {{ toDate "MST" "GMT-24" }} {{ toDate "MST" "+03" }} {{ toDate "MST" "WITA" }} {{ toDate "MST" "ChST" }} {{ toDate "MST" "ABCDE" }} {{ toDate "MST" "ab" }}"#,
    r#"{{ toDate "2006  01" "2023 05" }} {{ toDate "2006 01" "2023     05" }} {{ toDate "2006 01" "202305" }} {{ toDate "2006 " "2023" }} {{ toDate "a b" "a b" }}"#,
    r#"{{ (toDate "2006-01-02" "2017-12-31").Location }} {{ (toDate "Z07" "+01").Location }}|{{ (toDate "Z07" "Z").Location }} {{ printf "%#v" (toDate "MST" "CET") }}"#,
    r"{{ toDate 1 2 }}",
    r#"{{ toDate "2006" }}"#,
    r#"{{ mustToDate "2006-01-02" "2017-12-31" }} {{ mustToDate "" "" }} {{ mustToDate "Jan" "FEB" }}"#,
    r#"{{ mustToDate "2006-01-02" "x" }}"#,
    r#"{{ mustToDate "2006-01-02" "2017-12-31 " }}"#,
    r#"{{ mustToDate "2006-01-02" "2017-02-30" }}"#,
    r#"{{ mustToDate "Jan" "Foo" }}"#,
    r#"{{ mustToDate "PM" "XM" }}"#,
    r#"{{ mustToDate "Z07:00" "+1:00" }}"#,
    r"{{ mustToDate .bin .bin }}",
    r#"{{ mustToDate "2006" 2017 }}"#,
    r#"{{ mustToDate "15" "25" }}"#,
    r#"{{ unixEpoch now }} {{ unixEpoch .when }} {{ now | unixEpoch }} {{ unixEpoch (toDate "2006" "x") }}"#,
    r#"{{ unixEpoch (toDate "2006-01-02" "1969-12-31") }} {{ unixEpoch (toDate "2006" "0000") }}"#,
    r#"{{ unixEpoch (toDate "-07" "+05") }} {{ unixEpoch now.UTC }} {{ unixEpoch (now.AddDate 1000 0 0) }}"#,
    r"{{ unixEpoch 0 }}",
    r"{{ unixEpoch nil }}",
    r#"{{ unixEpoch "x" }}"#,
    r"{{ unixEpoch }}",
    r"{{ unixEpoch .took }}",
    r"{{ unixEpoch (.when.Add -1) }} {{ unixEpoch (.when.Truncate 3600000000000) }}",
    r"{{ unixEpoch .nil }}",
];

const DURATIONS: &[&str] = &[
    r#"{{ duration "95" }} {{ duration "x" }} {{ duration "" }} {{ duration "-3600" }} {{ duration 95 }} {{ duration .i64 }} {{ duration nil }}"#,
    r#"{{ duration "9223372036854775807" }} {{ duration "99999999999999999999" }} {{ duration "-99999999999999999999" }} {{ duration "1_000" }} {{ duration "+5" }} {{ duration " 5" }}"#,
    r#"{{ duration .took }} {{ duration "0x10" }} {{ duration "1.5" }} {{ duration .bin }} {{ duration .u }} {{ duration .list }} {{ duration 1.5 }}"#,
    r#"{{ duration "60" }} {{ duration "3600" }} {{ duration "3601" }} {{ duration "86400" }} {{ duration "0" }} {{ duration "-0" }}"#,
    r"{{ duration }}",
    r#"{{ durationRound "2h10m5s" }} {{ durationRound "2400h10m5s" }} {{ durationRound "45m" }} {{ durationRound "1m" }} {{ durationRound "1m0.000000001s" }}"#,
    r#"{{ durationRound "8760h" }} {{ durationRound "8761h" }} {{ durationRound "720h" }} {{ durationRound "721h" }} {{ durationRound "24h" }} {{ durationRound "24h1ns" }}"#,
    r#"{{ durationRound "-2h" }} {{ durationRound "1s" }} {{ durationRound "1.5s" }} {{ durationRound "x" }} {{ durationRound "" }} {{ durationRound nil }} {{ durationRound 5 }}"#,
    r#"{{ durationRound .i64 }} {{ durationRound .took }} {{ durationRound .list }} {{ durationRound 1.5 }} {{ durationRound "-9223372036854775808ns" }}"#,
    r"{{ durationRound }}",
    r#"{{ printf "%T %v %d %s %q %x %#v" .took .took .took .took .took .took .took }}"#,
    r"{{ .took.Hours }} {{ .took.Minutes }} {{ .took.Seconds }} {{ .took.Milliseconds }} {{ .took.Microseconds }} {{ .took.Nanoseconds }} {{ .took.String }}",
    r"{{ .took.Round 60000000000 }} {{ .took.Truncate 3600000000000 }} {{ .took.Round 0 }} {{ .took.Round -1 }} {{ .took.Abs }} {{ .took.Round .took }}",
    r#"{{ (now.Sub .when) }} {{ .when.Sub now }} {{ (.when.Sub now).Abs }} {{ now.Sub (toDate "2006" "x") }} {{ (toDate "2006" "x").Sub now }}"#,
    r"{{ eq .took .took }} {{ lt .took 5 }} {{ eq (now.Sub now) 0 }} {{ if now.Sub now }}yes{{ else }}no{{ end }}",
    r"{{ .took.Nothing }}",
    r#"{{ .took.Round "x" }}"#,
    r"{{ .took.Round 1.5 }}",
    r"{{ .took.Round .i }}",
    r"{{ range $i := now.Sub (now.Add -3) }}{{ $i }} {{ end }}",
    r"{{ (now.Sub (now.Add -1)) }} {{ (now.Sub (now.Add -1500)) }} {{ (now.Sub (now.Add -1500000)) }} {{ (now.Sub (now.Add 1500000001)) }} {{ (now.Sub (now.Add -999999999)) }}",
];

const METHODS: &[&str] = &[
    "{{ now.Year }} {{ now.Month }} {{ now.Day }} {{ now.Weekday }} {{ now.YearDay }} {{ now.Hour }} {{ now.Minute }} {{ now.Second }} {{ now.Nanosecond }}",
    "{{ now.Unix }} {{ now.UnixMilli }} {{ now.UnixMicro }} {{ now.UnixNano }} {{ now.UTC }} {{ now.Local }} {{ now.Location }} {{ now.IsZero }} {{ now.IsDST }}",
    "{{ printf \"%d %T %v %q %#v\" now.Month now.Month now.Month now.Month now.Month }} {{ printf \"%d %T\" now.Weekday now.Weekday }} {{ now.Month.String }}",
    r#"{{ now.Format "2006" }} {{ now.Format .e }}|{{ now.String }} {{ now.GoString }} {{ printf "%s" (now.AppendFormat .bytes "06") }}"#,
    "{{ now.Add 1 }} {{ now.Add -1000000000 }} {{ now.Add 'a' }} {{ now.Add 1e9 }} {{ now.Add .took }} {{ now.Add 9223372036854775807 }} {{ now.Add -9223372036854775808 }}",
    "{{ now.AddDate 0 0 1 }} {{ now.AddDate 0 1 0 }} {{ now.AddDate -1 -13 -400 }} {{ now.AddDate 1000000 0 0 }} {{ (now.AddDate 0 5 10).Month }}",
    "{{ now.AddDate 9223372036854775807 0 0 }} {{ now.AddDate 0 9223372036854775807 0 }} {{ now.AddDate 0 0 9223372036854775807 }} {{ now.AddDate 300000000000 0 0 }} {{ now.AddDate -300000000000 0 0 }}",
    "{{ now.Before .when }} {{ now.After .when }} {{ now.Equal now.UTC }} {{ now.Compare .when }} {{ .when.Compare now }} {{ now.Compare now }}",
    "{{ eq now now }} {{ eq now now.UTC }} {{ eq now.UTC now.UTC }} {{ ne now .when }}",
    r#"{{ eq (toDate "Z07" "+01") (toDate "Z07" "+01") }} {{ eq (toDate "Z07:00" "+01:30") (toDate "Z07:00" "+01:30") }} {{ eq (toDate "MST" "CET") (toDate "MST" "CET") }}"#,
    "{{ now.Truncate 1000000000 }} {{ now.Round 1000000000 }} {{ now.Truncate 3600000000000 }} {{ now.Round 0 }} {{ now.Truncate -5 }} {{ now.Truncate 7 }} {{ now.Round 86400000000001 }}",
    r#"{{ (toDate "2006" "0000").Truncate 3600000000001 }} {{ (toDate "2006" "0000").Round 7777777777 }} {{ (toDate "2006-01-02" "0000-05-05").Truncate 86400000000000 }}"#,
    r#"{{ printf "%s" now.MarshalJSON }} {{ printf "%s" now.MarshalText }} {{ printf "%x" now.MarshalBinary }} {{ printf "%x" now.UTC.MarshalBinary }} {{ printf "%x" now.GobEncode }}"#,
    r#"{{ printf "%x" (toDate "-07:00:00" "+01:02:03").MarshalBinary }} {{ printf "%s" (now.AppendText .bytes) }} {{ printf "%x" (now.AppendBinary .bytes) }}"#,
    r"{{ (now.AddDate 8000 0 0).MarshalJSON }}",
    r#"{{ (toDate "Z07" "+24").MarshalText }}"#,
    "{{ (now.In now.UTC.Location) }} {{ (now.In .when.Location).Location }} {{ eq now.Location now.Location }} {{ now.Location.String }}",
    "{{ now.In nil }}",
    "{{ now.Date }}",
    "{{ now.Nothing }}",
    "{{ now.Year 1 }}",
    "{{ now.Add }}",
    "{{ now.Add 1.5 }}",
    r#"{{ now.Add "1h" }}"#,
    "{{ now.Add .i }}",
    "{{ now.AddDate 1 2 }}",
    "{{ now.Sub 5 }}",
    "{{ now.Format 1 }}",
    "{{ 5 | now.Add }}",
    "{{ now.AddDate .i .i .i }} {{ .when.Month | printf \"%02d\" }}",
    "{{ lt now.Month 5 }} {{ eq now.Month 9 }} {{ gt now.Weekday 0 }} {{ eq now.Weekday now.Weekday }}",
    "{{ range $m := .when.Month }}{{ $m }} {{ end }}",
    "{{ lt now now }}",
    "{{ if toDate \"2006\" \"x\" }}yes{{ end }} {{ len now }}",
];

const OBJECTS: &[&str] = &[
    r"{{ toJson now }} {{ toJson .when }} {{ toJson .took }} {{ toJson now.Month }} {{ toJson (list now .took now.Weekday) }}",
    r#"{{ toJson (toDate "Z07:00" "+01:30") }} {{ toJson (now.AddDate 8000 0 0) }}|{{ toJson (toDate "2006" "x") }} {{ toPrettyJson (dict "t" now) }}"#,
    r"{{ mustToJson (now.AddDate 8000 0 0) }}",
    r#"{{ mustToJson (toDate "Z07" "-24") }}"#,
    r"{{ toJson now.Location }}",
    r#"{{ list now .took now.Month }} {{ dict "a" now }} {{ printf "%v %+v %s" (list now) (list now) (dict "t" now) }}"#,
];

const LAYOUTS: &[&str] = &[
    "2006",
    "06",
    "01",
    "1",
    "Jan",
    "January",
    "Mon",
    "Monday",
    "2",
    "02",
    "_2",
    "002",
    "__2",
    "15",
    "3",
    "03",
    "4",
    "04",
    "5",
    "05",
    "PM",
    "pm",
    "MST",
    "-07",
    "-0700",
    "-07:00",
    "-070000",
    "-07:00:00",
    "Z07",
    "Z0700",
    "Z07:00",
    "Z070000",
    "Z07:00:00",
    ".000",
    ".999",
    ",000000",
    ",9",
    ".000000000",
    ".0",
    "_2006",
    " ",
    "-",
    ":",
    "T",
    "x",
    "é",
    "0",
    "7",
    ".",
];

const TEXTS: &[&str] = &[
    "2024",
    "24",
    "02",
    "2",
    "12",
    "31",
    "29",
    "366",
    "060",
    " 5",
    "Feb",
    "february",
    "TUE",
    "monday",
    "23",
    "00",
    "59",
    "60",
    "AM",
    "pm",
    "UTC",
    "CET",
    "CEST",
    "GMT+2",
    "+03",
    "-0730",
    "+05:30",
    "-00:00:01",
    "Z",
    ".123",
    ",5",
    ".000000001",
    " ",
    "-",
    ":",
    "T",
    "x",
    "",
    "+0000",
    "1970",
    "9999",
];

const DURATION_TEXTS: &[&str] = &[
    "1",
    "h",
    "m",
    "s",
    "ms",
    "us",
    "µs",
    "ns",
    "-",
    "+",
    ".",
    ".5",
    "1.5",
    "0",
    "24h",
    "90m",
    "1e3",
    "9223372036854775807",
    "2562047h",
    "3.3333333333333333333",
    " ",
    "d",
];

/// Without those whose rules differ between the databases' editions.
const ZONE_NAMES: &[&str] = &[
    "UTC",
    "",
    "Local",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "Europe/London",
    "Pacific/Apia",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Etc/GMT-3",
    "nowhere",
    "Europe/berlin",
    "Antarctica/Troll",
    "Asia/Tehran",
    "America/Caracas",
    "Asia/Gaza",
    "Europe/Dublin",
    "Africa/Cairo",
    "Pacific/Chatham",
];

fn pieces(grower: &mut Grower<'_>, choices: &[&str], most: usize) -> String {
    (0..grower.random.below(most + 1)).map(|_| grower.one_of(choices)).collect::<String>()
}

/// Layout and text that fit as often as not.
fn fitting(grower: &mut Grower<'_>) -> (String, String) {
    let pairs: &[(&str, &[&str])] = &[
        ("2006", &["2024", "1999", "0000", "2023"]),
        ("01", &["02", "12", "13"]),
        ("Jan", &["Feb", "dec", "Foo"]),
        ("02", &["01", "29", "31"]),
        ("_2", &[" 1", "31", "5"]),
        ("002", &["060", "366", "001"]),
        ("15", &["23", "0", "24"]),
        ("3PM", &["12AM", "1PM", "13PM"]),
        ("04", &["59", "60"]),
        ("05", &["01", "30.5", "59,999999999"]),
        (".000", &[".123", ",5"]),
        (".999", &[".5", ""]),
        ("Z07:00", &["Z", "+02:00", "-11:30"]),
        ("-0700", &["+0000", "-0100"]),
        ("MST", &["UTC", "CET", "GMT-5", "+07"]),
        ("Monday", &["tuesday", "SUNDAY"]),
    ];
    let (mut layout, mut text) = (String::new(), String::new());
    for _ in 0..grower.random.below(7) {
        let (element, written) = pairs[grower.random.below(pairs.len())];
        let between = grower.one_of(&[" ", "-", "T", "/", ":"]);
        layout += &format!("{element}{between}");
        text += &format!("{}{between}", grower.one_of(written));
    }
    (layout, text)
}

fn seconds(grower: &mut Grower<'_>) -> String {
    let edges =
        ["0", "-1", "253402300800", "-62135596801", "9223372036854775807", "1711846800", "-9223372036854775808"];
    if grower.random.below(3) == 0 {
        return grower.one_of(&edges).to_owned();
    }
    let bits = [31, 33, 36, 40, 55, 63][grower.random.below(6)];
    let number = grower.random.number() >> (64 - bits);
    format!("{}{number}", grower.one_of(&["", "-"]))
}

/// An expression for a time.
fn time(grower: &mut Grower<'_>) -> String {
    let (layout, text) = fitting(grower);
    match grower.random.below(6) {
        0 => "now".into(),
        1 => ".when".into(),
        2 => "now.UTC".into(),
        3 => format!("(toDate {layout:?} {text:?})"),
        4 => format!("(now.AddDate {} {} {})", grower.small(), grower.small(), grower.number().replace("0x1F", "31")),
        _ => format!("(.when.Add {})", seconds(grower)),
    }
}

fn duration(grower: &mut Grower<'_>) -> String {
    match grower.random.below(3) {
        0 => ".took".into(),
        1 => format!("({}.Sub {})", time(grower), time(grower)),
        _ => seconds(grower),
    }
}

fn method(grower: &mut Grower<'_>) -> Line {
    let plain = [
        "Year",
        "Month",
        "Day",
        "Weekday",
        "YearDay",
        "Hour",
        "Minute",
        "Second",
        "Nanosecond",
        "Unix",
        "UnixMilli",
        "UnixMicro",
        "UnixNano",
        "UTC",
        "Local",
        "Location.String",
        "IsZero",
        "IsDST",
        "String",
        "GoString",
        "MarshalJSON",
        "MarshalText",
        "MarshalBinary",
        "GobEncode",
    ];
    let of_durations = ["Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds", "Nanoseconds", "String", "Abs"];
    let value = time(grower);
    match grower.random.below(7) {
        0 => {
            format!("{value}.{}", grower.one_of(&["Before", "After", "Equal", "Compare", "Sub"])) + " " + &time(grower)
        }
        1 => format!("{value}.{} {}", grower.one_of(&["Add", "Truncate", "Round"]), duration(grower)),
        2 => format!("{value}.AddDate {} {} {}", seconds(grower), grower.number(), grower.number()),
        3 => format!("({}.Sub {value}).{}", time(grower), grower.one_of(&of_durations)),
        4 => format!("({}.Sub {value}).{} {}", time(grower), grower.one_of(&["Round", "Truncate"]), duration(grower)),
        5 => format!("{} {value}", grower.one_of(&["toJson", "toYaml", "eq now", "print"])),
        _ => format!("{value}.{}", grower.one_of(&plain)),
    }
}

/// One call of a function of this family, with arguments that grow. What depends on the oracle's own clock stays out.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let layout = pieces(grower, LAYOUTS, 6);
    let date = if grower.random.below(2) == 0 { time(grower) } else { seconds(grower) };
    let zone = grower.one_of(ZONE_NAMES);
    let change = pieces(grower, DURATION_TEXTS, 5);
    match grower.random.below(12) {
        0 => format!("date {layout:?} {date}"),
        1 | 2 => format!("{} {layout:?} {date} {zone:?}", grower.one_of(&["dateInZone", "date_in_zone"])),
        3 => format!("{} {date}", grower.one_of(&["htmlDate", "unixEpoch"])),
        4 => format!("htmlDateInZone {date} {zone:?}"),
        5 => {
            let name = grower.one_of(&["dateModify", "date_modify", "mustDateModify", "must_date_modify"]);
            format!("{name} {change:?} {}", time(grower))
        }
        6 => {
            let (layout, text) = fitting(grower);
            format!("{} {layout:?} {text:?}", grower.one_of(&["toDate", "mustToDate"]))
        }
        7 => format!("{} {layout:?} {:?}", grower.one_of(&["toDate", "mustToDate"]), pieces(grower, TEXTS, 5)),
        8 => {
            format!("durationRound {}", if grower.random.below(2) == 0 { format!("{change:?}") } else { grower.any() })
        }
        9 => format!(
            "duration {}",
            if grower.random.below(2) == 0 { format!("\"{}\"", seconds(grower)) } else { grower.any() }
        ),
        _ => method(grower),
    }
}
