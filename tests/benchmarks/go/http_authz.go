package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

type grant struct {
	methods  []string // none for any
	prefixes []string
}

type httpAuthz struct{ roles map[string][]grant }

type httpRequest struct {
	Method string   `json:"method"`
	Path   string   `json:"path"`
	Roles  []string `json:"roles"`
}

type httpDecision struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
}

func init() {
	RegisterPolicy(&httpAuthz{map[string][]grant{
		"viewer": {{[]string{"GET", "HEAD"}, []string{"/api/", "/healthz"}}},
		"editor": {{[]string{"GET", "HEAD", "POST", "PUT"}, []string{"/api/v1/pods/"}}},
		"owner":  {{nil, []string{"/api/v1/teams/"}}},
	}})
}

func (*httpAuthz) Name() string { return "http-authz" }

func (it *httpAuthz) Validate() error {
	if len(it.roles) == 0 {
		return errors.New("no roles")
	}
	return nil
}

func (it *httpAuthz) Execute(_ context.Context, input json.RawMessage) (any, error) {
	var request httpRequest
	if err := json.Unmarshal(input, &request); err != nil {
		return nil, err
	}
	for _, role := range request.Roles {
		for _, grant := range it.roles[role] {
			if grant.methods != nil && !slices.Contains(grant.methods, request.Method) {
				continue
			}
			for _, prefix := range grant.prefixes {
				if strings.HasPrefix(request.Path, prefix) {
					return httpDecision{true, "the role `" + role + "` allows it"}, nil
				}
			}
		}
	}
	return httpDecision{false, "none of the request's roles allows this method on this path"}, nil
}
