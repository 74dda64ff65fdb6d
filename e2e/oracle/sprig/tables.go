package main

import (
	"fmt"
	"unicode"
)

// tables writes crates/sprig/src/runes/tables.rs, not yet formatted.
func tables() {
	fmt.Printf("//! Classes and cases of characters in Go 1.26 (Unicode %s). Made by `e2e/oracle/sprig`.\n//!\n", unicode.Version)
	fmt.Printf("//! A run of characters is its first, its last, and how far one lies from the next; a mapping has a fourth number,\n")
	fmt.Printf("//! which is added to each of them.\n")
	class("LETTER", "Category L.", unicode.IsLetter)
	class("UPPER", "Category Lu.", unicode.IsUpper)
	class("LOWER", "Category Ll.", unicode.IsLower)
	class("DIGIT", "Category Nd.", unicode.IsDigit)
	class("NUMBER", "Category N.", unicode.IsNumber)
	class("PUNCT", "Category P.", unicode.IsPunct)
	class("TITLE", "Category Lt.", unicode.IsTitle)
	same := func(r rune) rune { return r }
	mapping("TO_UPPER", "`unicode.ToUpper`.", unicode.ToUpper, same)
	mapping("TO_LOWER", "`unicode.ToLower`.", unicode.ToLower, same)
	mapping("TO_TITLE", "`unicode.ToTitle`, where it is not `unicode.ToUpper`.", unicode.ToTitle, unicode.ToUpper)
}

// run is the last of the characters from first on for which same holds, each one step from the one before; step is 1 or 2,
// which is only 2 over characters that are in no run.
func run(first rune, same, any func(rune) bool) (last, step rune) {
	last, step = first, 1
	if !any(first+1) && same(first+2) {
		step = 2
	}
	for last+step <= unicode.MaxRune && same(last+step) && (step == 1 || !any(last+1)) {
		last += step
	}
	return last, step
}

func class(name, doc string, in func(rune) bool) {
	fmt.Printf("\n/// %s\npub(super) static %s: &[u32] = &[\n", doc, name)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if in(r) {
			last, step := run(r, in, in)
			fmt.Printf("0x%x, 0x%x, %d, ", r, last, step)
			r = last
		}
	}
	fmt.Printf("\n];\n")
}

// mapping leaves out what to maps as otherwise does.
func mapping(name, doc string, to, otherwise func(rune) rune) {
	fmt.Printf("\n/// %s\npub(super) static %s: &[i32] = &[\n", doc, name)
	mapped := func(r rune) bool { return to(r) != otherwise(r) }
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if mapped(r) {
			delta := to(r) - r
			last, step := run(r, func(r rune) bool { return mapped(r) && to(r)-r == delta }, mapped)
			fmt.Printf("0x%x, 0x%x, %d, %d, ", r, last, step, delta)
			r = last
		}
	}
	fmt.Printf("\n];\n")
}
