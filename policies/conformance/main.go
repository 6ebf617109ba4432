// Evaluates policies with Open Policy Agent itself, so that the engine of the platform can be
// compared with it. Reads one JSON document from standard input, writes one to standard output:
//
//	{"modules": {"path": "rego"}, "queries": ["data.mesh.global.pii.deny"], "inputs": [{…}]}
//	[[value of each query] for each input]; a query that fails is {"error": "…"}
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

type job struct {
	Modules map[string]string `json:"modules"`
	Queries []string          `json:"queries"`
	Inputs  []any             `json:"inputs"`
}

func main() {
	log.SetFlags(0)
	var todo job
	if err := json.NewDecoder(os.Stdin).Decode(&todo); err != nil {
		log.Fatal("the job cannot be read: ", err)
	}
	compiler := compile(todo.Modules)
	prepared := make([]rego.PreparedEvalQuery, len(todo.Queries))
	for i, query := range todo.Queries {
		var err error
		prepared[i], err = rego.New(
			rego.Query(query),
			rego.Compiler(compiler),
			rego.StrictBuiltinErrors(true),
		).PrepareForEval(context.Background())
		if err != nil {
			log.Fatal(query, ": ", err)
		}
	}
	answers := make([][]any, len(todo.Inputs))
	for i, input := range todo.Inputs {
		for _, query := range prepared {
			answers[i] = append(answers[i], evaluate(query, input))
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal("the answers cannot be written: ", err)
	}
}

// compile is strict: it refuses unused variables and imports, as `opa check --strict` does.
func compile(modules map[string]string) *ast.Compiler {
	parsed := map[string]*ast.Module{}
	for path, text := range modules {
		module, err := ast.ParseModuleWithOpts(path, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			log.Fatal(err)
		}
		parsed[path] = module
	}
	compiler := ast.NewCompiler().WithStrict(true)
	if compiler.Compile(parsed); compiler.Failed() {
		log.Fatal(compiler.Errors)
	}
	return compiler
}

func evaluate(query rego.PreparedEvalQuery, input any) any {
	results, err := query.Eval(context.Background(), rego.EvalInput(input))
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	if len(results) == 0 {
		return nil
	}
	return results[0].Expressions[0].Value
}
