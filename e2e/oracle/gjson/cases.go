package main

import "strings"

type group struct{ documents, paths []string }

var people = `{
  "name": {"first": "Tom", "last": "Anderson"},
  "age": 37,
  "children": ["Sara", "Alex", "Jack"],
  "fav.movie": "Deer Hunter",
  "friends": [
    {"first": "Dale", "last": "Murphy", "age": 44, "nets": ["ig", "fb", "tw"]},
    {"first": "Roger", "last": "Craig", "age": 68, "nets": ["fb", "tw"]},
    {"first": "Jane", "last": "Murphy", "age": 47, "nets": ["ig", "tw"]}
  ],
  "mixed": [null, true, false, 0, 1, "1", "true", "f", {}, [], {"a": null}, [[1, 2], [3]]],
  "empty": {"o": {}, "a": [], "s": ""}
}
`

var byHand = []group{
	{[]string{people}, []string{
		"name.last", "age", "children", "children.#", "children.1", "child*.2", "c?ildren.0", `fav\.movie`, "fav.movie",
		"friends.#.first", "friends.1.last", "friends.#", "friends.#.nets.#", "friends.#.nets.0", "friends.#.none",
		`friends.#(last=="Murphy").first`, `friends.#(last=="Murphy")#.first`, "friends.#(age>45)#.last",
		`friends.#(first%"D*").last`, `friends.#(first!%"D*").last`, `friends.#(first!%"D*")#.last`,
		`friends.#(nets.#(=="fb"))#.first`, "friends.#(age>100)#", "friends.#(age>100)", "friends.#(nets)#.first",
		`friends.#[last="Murphy"].first`, `friends.#(last==Murphy)#|#`, `friends.#(last=="Murphy")#|0.first`,
		`friends.#(last=="Murphy")#.first|@reverse`, "friends.#.first|0", "friends.#.first|#", "friends|1|first", "friends|#",
		`friends.#(first<"K")#.first`, `friends.#(first<="Jane")#.first`, `friends.#(first>"J")#.first`, `friends.#(first>="Jane")#.first`,
		"friends.#(age=44).first", "friends.#(age!=44)#.first", "friends.#(age<47)#.age", "friends.#(age<=47)#.age", "friends.#(age>=47)#.age",
		"mixed.#(=1)", "mixed.#(=true)#", "mixed.#(!=true)#", "mixed.#(>false)#", "mixed.#(<true)#", "mixed.#(>=x)#", "mixed.#(<=x)#",
		"mixed.#(=~true)#", "mixed.#(=~false)#", "mixed.#(=~null)#", "mixed.#(=~*)#", "mixed.#(!=~*)#", "mixed.#(=~x)#", "mixed.#(a=~null)#", "mixed.#(a!=~null)#",
		"mixed.#()#", "mixed.#(", "mixed.#(a", "mixed.#(!x)#", "mixed.#(!)#", "mixed.#.#", "mixed.11.0.1", "mixed.#.0", "mixed.#.@this", "mixed.#.a",
		"mixed.-1", "mixed.01", "mixed.1.x", "mixed.99", "mixed.18446744073709551617", "mixed.x", "mixed.a#", "mixed.##", "mixed.", "mixed.#.", "mixed|",
		"empty", "empty.o", "empty.a", "empty.s", "empty.a.#", "empty.a.#.x", "empty.o.x", "empty.a.#(x)#", "empty.a.#(x)", "empty.*", "empty.?", "",
		".", "..", "..#", "..0.age", "..#.age", "@", "@this", "@this.age", "@this|age", "@keys", "@values", "@reverse", "@ugly", "@pretty", "@valid", "@tostr", "@fromstr",
		"@ugly|@pretty", `@pretty:{"indent":"\t"}`, `@pretty:{"indent":"x","prefix":"  "}`, `@pretty:{"width":30,"sortKeys":true}`, `@pretty:{"width":0}`, `@pretty:{"width":-1}`, "@pretty:x",
		"children|@reverse", "children.@reverse", "children.@reverse.0", "children|@reverse|0", "children.@keys", "name.@keys", "name.@values", "name.@reverse", "age.@keys", "none.@keys", "none|@this", "none.@values",
		"name.@tostr", "name.@tostr.@fromstr", "name.@tostr|@fromstr|last", "children.@tostr", "age.@tostr", "age.@fromstr", "name.first.@fromstr", "fav\\.movie.@tostr",
		"mixed.@flatten", `mixed.@flatten:{"deep":true}`, `mixed.@flatten:{"deep":"t"}|#`, "friends.@join", `friends.@join:{"preserve":true}`, "friends.@join.first", "name.@join", "friends.@group", "{friends.#.first,friends.#.age}|@group", "@group",
		"@dig:first", "@dig:#.first", "@dig:age", "@dig:none", "@nope", "@nope:1", "@this:", "@this:[1]|age", `@this:"x".age`, "@this:a(b|c).age|age", "@flatten", "@join", "@pretty:", "@this.@this.@this",
		"[age,children]", "[age,none]", "{age,none}", "{age}", "{name.first}", `{"n":age}`, `{n:age}`, `{"n\"":age,x y:age}`, "{children.#}", "{friends.#.age}", `{"a":1}`, "[]", "{}", "[age", "{age", "[age]x", "{age}x", "{age}name.last", "[none", "[age]children.0", "[age].0", "{age}.age", "{age}|age", "[age,name.last]|1",
		"name.{first,last}", "name.[first,last]", "friends.#.{first,age}", "friends.#.[first,age]|0", "friends.#.{first,age}|#", "friends.#.{first}|@reverse", "friends.0.{f:first,n:nets.#}", "[children.@reverse,age]", "[@this.age,!5]", `{"a":!"x"}`, `{x:!true,y:!{"z":1}}`, "{a:age,@pretty:{\"width\":1}}", "{x|y:age}", `{fav\.movie}`, "{friends.#(age>45)#.last}", "[friends.#(age>45)#.last|0,age]", "[[age],{age}]",
		"!true", "!false", "!null", "!NaN", "!inf", "!nope", "!5", "!-5.50", `!"x"`, `!{"a":[1]}`, `!{"a":[1]}.a`, `!{"a":[1]}|a|0`, "![1,2]|#", "!true|@this", "!", "!!true", "age|!true",
		"age.x", "age|x", "age|0", "name|first|x", "children|0", "children|x", "children.0|@this", "children.#|@this", "n*", "n*.last", "*", "*.*", "*.first", "*.#", "*.0", "*.o", "f*", `f*\.m*`, "friends.*", "friends.1*", "?ge", "???", "a??", "*e", "**", "*n*d*",
	}},
	{[]string{`{"a.b":1,"a":{"b":2,"b":3},"a":{"c":4},"":5,"*":6,"?":7,"a\\b":8,"\"":9,"#":10,"@this":11,"a|b":12,"é":13,"\u00e9x":14,"[":15,"{":16,"!":17,"0":18,"a\u002eb.c":19,"x*y":20,"\\":21}`}, []string{
		"a.b", `a\.b`, `a\.b\.c`, "a.c", "", `\*`, `\?`, `a\\b`, `"`, "#", `\#`, "@this", `\@this`, `a\|b`, "a|b", "é", "éx", "é?", "é*", "??", "[", "{", "!", `\!`, "0", "a?b", `x\*y`, `x\**`, "x*y", `\`, `\\`, `\\\`, `*\\`, `*\`, "@this.a", `\@this.a`, "a*", "a*.c", "a*.b", "*.c", "*b", `\a.\b`, `\é`, `a.\b`, `\\|@this`,
	}},
	{[]string{`[]`, `[[]]`, `[{}]`, `[[1,[2,[3,[4]]]],{"a":[{"a":[{"a":1}]}]}]`, ` [ 1 , "x" ,null,{"a" : [ true ] } ] `, `["a\"]b",["]"],{"}":"{"}]`, "[1,2,3]\n", `["{\"k\":1}","[5,6]"]`, `[{"a":1},{"a":2},{"b":3},7,"a"]`, `[[{"v":1},{"v":2}],[{"v":3}],[]]`}, []string{
		"#", "0", "1", "2", "0.0", "0.1.1.1.0", "1.a.0.a.0.a", "#.a", "#.0", "#.#", "#.#.v", "#.#.#.v", "#.#(v>1)#", "#.#(v>1)#.v", "#.#(v>1).v", "#(a)#", "#(a>1)#.a", "#(=7)", "#(a=1).a", "#.k", "@reverse", "@flatten", `@flatten:{"deep":true}`, "@flatten.#", "@pretty", "@this", "@this|0", "@keys", "@values", "@join", "@dig:a", "@dig:v", "@dig:0", "#.@this", "#.@keys", "#.{a}", "#.[a,a]", "#.!1", "1|0", "3.a.0", "2.\\}", "#|x", "#.a|0", "#.a.#", "#.a|#", "*", "?", "-0", "+1", "..#", "..0", "..0.0",
	}},
	{[]string{
		`{"v":0}`, `{"v":-0}`, `{"v":-0.0}`, `{"v":1.0}`, `{"v":1.50}`, `{"v":100000000000000000000000}`, `{"v":1e2}`, `{"v":1E+2}`, `{"v":1e-7}`, `{"v":123456789.125}`, `{"v":1e308}`, `{"v":1e400}`, `{"v":-1e400}`, `{"v":5e-324}`, `{"v":1e-400}`, `{"v":0.1e1}`, `{"v":9007199254740993.0}`, `{"v":0.30000000000000004}`, `{"v":179769313486231570000.5}`, `{"v":2.2250738585072011e-308}`,
		`{"v":"\u0000"}`, `{"v":"\u001f\u007f\u0080"}`, `{"v":"\u2028\u2029"}`, `{"v":"\ud83d\ude00"}`, `{"v":"\ud83d"}`, `{"v":"\ude00\ud83d"}`, `{"v":"\ud83dx"}`, `{"v":"\ud83d\u0041"}`, `{"v":"\ud83d\ud83d\ude00"}`, `{"v":"\uD83D\uDE00\/\b\f\n\r\t\\\""}`, `{"v":"\ud83d\n"}`, `{"v":"\uFFFD\uffff"}`, `{"v":"日本\u65e5"}`, "{\"v\":\"\xff\"}", "{\"v\":\"a\\n\xc3\"}", "{\"v\xff\":\"\xe2\x82x\"}", `{"v":"</script>&"}`, `{"v":"  "}`, "{\"v\":\"tab\tin\"}", "{\"v\":\"tab\t\\u0041in\"}", `{"v":"\x41b"}`, `{"v":"\u12"}`, `{"v":"\u12g4"}`, `{"v":"{\"v\":\"{\\\"v\\\":1}\"}"}`, `{"v":true}`, `{"v":null}`, `{"v":{"v":[{"v":1}]}}`, `{"v" : "x" , "v":"y"}`, `{"\u0076":1}`, `{"V":1}`, "\ufeff{\"v\":1}",
	}, []string{"v", "?", "v|@this", "v.@tostr", "v.@fromstr", "v.@fromstr.v", "v.v", "{v}", "[v,v]", "@values", "@values|0", "@values.#(>0)", "@values.#(>0)#", `@values.#(%"*a*")`, "@ugly", "@pretty", "@tostr", "@tostr|@fromstr|v"}},
	{[]string{"", " ", "x", `"x"`, "5", "null", "true", "hello {\"a\":1}", `{"a":1`, `{"a":`, `{"a"`, `{"a`, `{`, `[`, `[1`, `[1,`, `["a`, `["a\`, `{"a\"`, `{"a":"\`, `{"a":"x\"`, `}{"a":1}`, `{"a":1}}{"a":2}`, `{a:1}`, `{'a':1}`, `{"a":01}`, `{"a":+1}`, `{"a":nan}`, `{"a":Infinity}`, `{"a":-Inf}`, `{"a":1_000}`, `{"a":tru}`, `{"a":truex}`, `{"a":}`, `{"a" 1}`, `{"a":1 "b":2}`, `[1 2]`, `[,1]`, `[1,]`, `[1}`, `{"a":[}`, `{"a":1]`, `{"a":(1)}`, `{,"a":1}`, `{"a":1,}`, "{\"a\":1}\x00", "\x00{\"a\":1}", `{"a":"b"c"}`, `{"a":1}` + "\n" + `{"a":2}` + "\n" + `[3]` + "\n"}, []string{
		"a", "b", "0", "1", "#", "#.a", "#(a)#", "#(=1)", "@this", "@keys", "@values", "@reverse", "@ugly", "@tostr", "@fromstr", "@valid", "@flatten", "@join", "@group", "..#", "..0", "..1.a", "..#.a", "..#(a>1).a", "[a]", "{a}", "*", "a|@this", "a.b", "!1", "",
	}},
}

// Texts of which only validity and members are asked.
var texts = []string{
	`{"a":1,"a":2}`, `{"a":"x","A":"y"}`, `{"\u0061":1,"a":"2"}`, `{"s":"x","n":1.50,"b":true,"z":null,"o":{ "k" : 1 },"l":[ 1 ,2 ]}`, `{"":""}`, " \n{\"a\" :\t1}\r\n", `{"\ud83d\u0041":"\ud83d\u0041"}`, `{"\ud83d\ud83d\ude00":"\ud83d\ud83d\ude00"}`, `{"\ude00":"\udc00\ud83d"}`, "{\"\xff\xe2\x82\":\"\xff\xe2\x82\"}", "{\"\\n\xff\":\"\\n\xff\"}", `{"a":"\/"}`, `{"a":{"a":1},"b":[{"a":2}]}`, "\v{}", "\u00a0{}", "{}\x00", `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":1e+}`, `{"a":-}`, `{"a":00}`, `{"a":-01}`, `{"a":0x1}`, `{"a":1e5}`, `-`, `-0`, `0`, `"\u00"`, `"\u00zz"`, `"\"`, `"`, `"a` + "\n" + `"`, "\"\x7f\"", `nul`, `nulll`, `tru`, `[[[]]]`, `[[[]]`, `[]]`, `{}{}`, `{"a":1 , "b" : 2 }`, `{"a",1}`, `{"a":1;}`, `{1:2}`, `{null:1}`, `[1,,2]`, `[01]`, `["a":1]`, `//x`, `{"a":/*x*/1}`,
	strings.Repeat("[", 9999) + strings.Repeat("]", 9999), strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
}
