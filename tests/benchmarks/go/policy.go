package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// Policy is what every policy package implements and registers in its init function.
type Policy interface {
	Name() string
	Execute(ctx context.Context, input json.RawMessage) (any, error)
	Validate() error
}

var policies = map[string]Policy{}

// RegisterPolicy makes a policy known to the host.
func RegisterPolicy(policy Policy) {
	if err := policy.Validate(); err != nil {
		panic(fmt.Sprintf("policy %s: %v", policy.Name(), err))
	}
	policies[policy.Name()] = policy
}
