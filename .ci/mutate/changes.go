package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// change is one wrong line: the bytes of a file that are replaced, and with what.
type change struct {
	file       string // below the module's root
	line       int
	column     int
	from, to   int
	old, new   string
	sourceLine string
}

// String says it without line numbers, which move.
func (c change) String() string {
	return fmt.Sprintf("%s -> %s in %q", short(c.old), short(c.new), c.sourceLine)
}

func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 70 {
		text = text[:67] + "..."
	}
	return text
}

// apply makes the change.
func (c change) apply(source []byte) []byte {
	return []byte(string(source[:c.from]) + c.new + string(source[c.to:]))
}

// changesOf finds every change of a package that this system builds.
func changesOf(folder string) ([]change, error) {
	files, err := sources(folder)
	if err != nil {
		return nil, err
	}
	var all []change
	for _, name := range files {
		file := filepath.Join(folder, name)
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		f := finder{file: file, source: source, at: set.File(tree.Pos())}
		f.functions(tree)
		all = append(all, f.found...)
	}
	return all, nil
}

// finder collects the changes of one file.
type finder struct {
	file   string
	source []byte
	at     *token.File
	found  []change
}

// functions looks at what runs: declarations of types and constants only say what
// is meant.
func (f *finder) functions(tree *ast.File) {
	for _, decl := range tree.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || onlyPrints(fn) {
			continue
		}
		f.body(fn.Type, fn.Body)
	}
}

// onlyPrints are methods whose result is read by people alone.
func onlyPrints(fn *ast.FuncDecl) bool {
	switch fn.Name.Name {
	case "String", "GoString", "Error":
		return true
	}
	return false
}

// body looks at one function, and by itself at each one that stands in it.
func (f *finder) body(typ *ast.FuncType, body *ast.BlockStmt) {
	chosen := map[ast.Node]bool{} // what a select waits for: no statement by itself
	ast.Inspect(body, func(n ast.Node) bool {
		if chosen[n] {
			return true
		}
		switch n := n.(type) {
		case *ast.CommClause:
			chosen[n.Comm] = n.Comm != nil
		case *ast.FuncLit:
			f.body(n.Type, n.Body)
			return false
		case *ast.ReturnStmt:
			f.returned(typ, n)
		case *ast.IfStmt:
			if onlyLogs(n) {
				return false
			}
			f.replace(n.Cond, "false && ("+f.text(n.Cond)+")")
			f.replace(n.Cond, "true || ("+f.text(n.Cond)+")")
		case *ast.ExprStmt:
			if !logs(n.X) {
				f.skip(n)
			}
		case *ast.DeferStmt:
			f.skip(n)
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				f.skip(n)
			}
		case *ast.BranchStmt:
			f.skip(n)
		case *ast.IncDecStmt:
			f.skip(n)
		default:
			f.expression(n)
		}
		return true
	})
}

// expression looks at operators and literals.
func (f *finder) expression(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if other, ok := swapped[n.Op]; ok {
			from := f.at.Offset(n.OpPos)
			f.add(from, from+len(n.Op.String()), other.String())
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.replace(n, f.text(n.X))
		}
	case *ast.Ident:
		switch n.Name {
		case "true":
			f.replace(n, "false")
		case "false":
			f.replace(n, "true")
		}
	case *ast.BasicLit:
		if i, err := strconv.Atoi(n.Value); err == nil && n.Kind == token.INT {
			f.replace(n, strconv.Itoa(i+1))
		}
	case *ast.CompositeLit:
		f.elements(n)
	}
}

// elements leaves out one field of a composite literal at a time.
func (f *finder) elements(lit *ast.CompositeLit) {
	for i, e := range lit.Elts {
		if _, keyed := e.(*ast.KeyValueExpr); !keyed {
			continue
		}
		from, to := f.at.Offset(e.Pos()), f.at.Offset(e.End())
		if i+1 < len(lit.Elts) {
			to = f.at.Offset(lit.Elts[i+1].Pos())
		} else if f.source[to] == ',' {
			to++
		}
		f.add(from, to, "")
	}
}

var swapped = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL,
	token.AND: token.OR, token.OR: token.AND, token.SHL: token.SHR, token.SHR: token.SHL,
}

// returned has a function that fails succeed.
func (f *finder) returned(typ *ast.FuncType, n *ast.ReturnStmt) {
	if typ.Results == nil || len(n.Results) == 0 {
		return
	}
	results := typ.Results.List
	kind, ok := results[len(results)-1].Type.(*ast.Ident)
	last := n.Results[len(n.Results)-1]
	if !ok || kind.Name != "error" {
		return
	}
	if id, isID := last.(*ast.Ident); isID && id.Name == "nil" {
		return
	}
	f.replace(last, "nil")
}

// logs are calls whose only effect is a line for people.
func logs(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	for _, level := range []string{"Debug", "Info", "Warn", "Error"} {
		if sel.Sel.Name == level || sel.Sel.Name == level+"Context" {
			return true
		}
	}
	return false
}

// onlyLogs says that all an if decides is whether a line for people is written.
func onlyLogs(n *ast.IfStmt) bool {
	for _, each := range n.Body.List {
		if call, ok := each.(*ast.ExprStmt); !ok || !logs(call.X) {
			return false
		}
	}
	return n.Init == nil && n.Else == nil && len(n.Body.List) > 0
}

// skip never runs a statement, which still uses what it names.
func (f *finder) skip(n ast.Node) { f.replace(n, "if false { "+f.text(n)+" }") }

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.at.Offset(n.Pos()):f.at.Offset(n.End())])
}

func (f *finder) replace(n ast.Node, with string) {
	f.add(f.at.Offset(n.Pos()), f.at.Offset(n.End()), with)
}

func (f *finder) add(from, to int, with string) {
	where := f.at.Position(f.at.Pos(from))
	line := f.at.LineStart(where.Line)
	text, _, _ := strings.Cut(string(f.source[f.at.Offset(line):]), "\n")
	f.found = append(f.found, change{
		file: f.file, line: where.Line, column: where.Column, from: from, to: to,
		old: string(f.source[from:to]), new: with, sourceLine: strings.TrimSpace(text),
	})
}
