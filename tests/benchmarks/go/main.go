// The host of the design that this project began with: policies register themselves, and are asked
// over HTTP.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

func decide(response http.ResponseWriter, request *http.Request) {
	policy, known := policies[request.URL.Path[len("/policies/"):]]
	if !known {
		http.Error(response, "unknown policy", http.StatusNotFound)
		return
	}
	input, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	output, err := policy.Execute(request.Context(), input)
	if err != nil {
		http.Error(response, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	response.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(response).Encode(output); err != nil {
		log.Print(err)
	}
}

func main() {
	http.HandleFunc("/policies/", decide)
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
