// Reads YAML as Kubernetes does. A text comes as its length (four bytes, the first the highest)
// and itself; the answer is of the same form, and holds what each document of the text is as JSON.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

type document struct {
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

func read(text string) (read document) {
	defer func() {
		if problem := recover(); problem != nil {
			read = document{Error: fmt.Sprint("panic: ", problem)}
		}
	}()
	json, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return document{Error: err.Error()}
	}
	return document{JSON: json}
}

// As k8s.io/apimachinery splits a stream: at lines that begin with `---`.
func split(text string) (documents []document) {
	chunk := ""
	for number, line := range strings.SplitAfter(text, "\n") {
		if rest := strings.TrimPrefix(line, "---"); rest != line {
			rest = strings.TrimSpace(rest)
			if rest != "" && rest[0] != '#' {
				return append(documents, document{Error: "invalid separator: " + rest})
			}
			if number > 0 {
				documents = append(documents, read(chunk))
				chunk = ""
			}
		}
		chunk += line
	}
	return append(documents, read(chunk))
}

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(in, text); err != nil {
			panic(err)
		}
		answer, err := json.Marshal(split(string(text)))
		if err != nil {
			panic(err)
		}
		binary.Write(out, binary.BigEndian, uint32(len(answer)))
		out.Write(answer)
		out.Flush()
	}
}
