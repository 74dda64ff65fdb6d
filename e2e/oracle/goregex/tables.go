package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"unicode"
)

// tables writes the files of crates/goregex/src/tables into the directory, not yet formatted.
func tables(directory string) {
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(directory, file), []byte(text), 0o644); err != nil {
			panic(err)
		}
	}
	write("letter.rs", head("general categories: letters")+classes(leaves(true), unicode.Categories))
	write("other.rs", head("general categories: all but letters")+classes(leaves(false), unicode.Categories))
	write("script.rs", head("scripts")+classes(scripts(), unicode.Scripts)+list("SCRIPTS", scripts()))
	write("alias.rs", head("other names of categories")+aliases())
	write("fold.rs", head("simple case folding")+folds())
	check()
}

func head(what string) string {
	return fmt.Sprintf("//! Go 1.26, Unicode %s, %s. Made by `e2e/oracle/goregex`.\n", unicode.Version, what)
}

// leaves are the categories of two letters that are not made of others; Cn is what the rest leaves over.
func leaves(letter bool) (names []string) {
	for name := range unicode.Categories {
		if len(name) == 2 && name != "LC" && name != "Cn" && (name[0] == 'L') == letter {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return
}

// scripts are those that \p{...} can name: Go does not find names with an underscore.
func scripts() (names []string) {
	for name := range unicode.Scripts {
		if _, err := regexp.Compile(`\p{` + name + `}`); err == nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return
}

func classes(names []string, from map[string]*unicode.RangeTable) string {
	var out strings.Builder
	for _, name := range names {
		fmt.Fprintf(&out, "\npub(super) static %s: &[u32] = &[\n", constant(name))
		in := func(r rune) bool { return r <= unicode.MaxRune && r >= 0 && unicode.Is(from[name], r) }
		for r := rune(0); r <= unicode.MaxRune+1; r++ {
			if in(r) != in(r-1) {
				fmt.Fprintf(&out, "0x%x, ", r)
			}
		}
		out.WriteString("\n];\n")
	}
	return out.String()
}

func constant(name string) string { return strings.ToUpper(name) }

func list(name string, of []string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\npub(super) static %s: &[(&str, &[u32])] = &[\n", name)
	for _, name := range of {
		fmt.Fprintf(&out, "(%q, %s),\n", name, constant(name))
	}
	out.WriteString("];\n")
	return out.String()
}

func canonical(name string) string {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))
	return strings.ToUpper(name[:1]) + name[1:]
}

func aliases() string {
	var lines []string
	for name, category := range unicode.CategoryAliases {
		lines = append(lines, fmt.Sprintf("(%q, %q),\n", canonical(name), category))
	}
	sort.Strings(lines)
	return "\npub(super) static ALIASES: &[(&str, &str)] = &[\n" + strings.Join(lines, "") + "];\n"
}

// folds has runs of characters whose next in the circle of a case is as far away; delta 0 is +1 and -1 in turn.
func folds() string {
	var out strings.Builder
	out.WriteString("\npub(super) static FOLDS: &[(u32, u32, i32)] = &[\n")
	delta := func(r rune) rune { return unicode.SimpleFold(r) - r }
	for r := rune(0); r <= unicode.MaxRune; r++ {
		first, step := r, delta(r)
		switch {
		case step == 0:
			continue
		case step == 1 && delta(r+1) == -1:
			for delta(r+2) == 1 && delta(r+3) == -1 {
				r += 2
			}
			r++
			step = 0
		default:
			for delta(r+1) == step && !(step == 1 && delta(r+2) == -1) {
				r++
			}
		}
		fmt.Fprintf(&out, "(0x%x, 0x%x, %d),\n", first, r, step)
	}
	out.WriteString("];\n")
	return out.String()
}

// check ends with an error where the crate's classes, which are made of the tables, would not be Go's.
func check() {
	for name, table := range unicode.Categories {
		for r := rune(0); r <= unicode.MaxRune; r++ {
			if made(name, r) != unicode.Is(table, r) {
				panic(fmt.Sprintf("category %s at %x", name, r))
			}
		}
	}
	for name, table := range unicode.FoldCategory {
		checkFold(name, unicode.Categories[name], table)
	}
	for name, table := range unicode.FoldScript {
		checkFold(name, unicode.Scripts[name], table)
	}
}

// made says how the crate makes a category: of those that begin with it, LC of three, Cn of what is left.
func made(name string, r rune) bool {
	switch name {
	case "LC":
		return made("Lu", r) || made("Ll", r) || made("Lt", r)
	case "Cn":
		return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
	case "C":
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || made("Cn", r)
	}
	for leaf, table := range unicode.Categories {
		if len(leaf) == 2 && leaf != "LC" && leaf != "Cn" && strings.HasPrefix(leaf, name) && unicode.Is(table, r) {
			return true
		}
	}
	return false
}

// checkFold: a class and its fold table are the class with all cases of its characters.
func checkFold(name string, table, fold *unicode.RangeTable) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		closed := unicode.Is(table, r)
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			closed = closed || unicode.Is(table, f)
		}
		if closed != unicode.In(r, table, fold) {
			panic(fmt.Sprintf("fold of %s at %x", name, r))
		}
	}
}
