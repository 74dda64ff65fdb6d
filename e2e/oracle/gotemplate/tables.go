package main

import (
	"fmt"
	"strconv"
	"unicode"
)

// tables writes crates/gotemplate/src/tables.rs, not yet formatted.
func tables() {
	fmt.Printf("//! Character classes of Go 1.26 (Unicode %s): each table holds where a class begins and ends, in turn. Made by\n", unicode.Version)
	fmt.Printf("//! `e2e/oracle/gotemplate`.\n")
	table("LETTER", "Category L, Go's `unicode.IsLetter`.", unicode.IsLetter)
	table("DIGIT", "Category Nd, Go's `unicode.IsDigit`.", unicode.IsDigit)
	table("PRINT", "Go's `strconv.IsPrint`.", strconv.IsPrint)
}

func table(name, doc string, in func(rune) bool) {
	fmt.Printf("\n/// %s\npub(crate) static %s: &[u32] = &[\n", doc, name)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		now := r <= unicode.MaxRune && in(r)
		if before := r > 0 && in(r-1); now != before {
			fmt.Printf("0x%x, ", r)
		}
	}
	fmt.Printf("\n];\n")
}
