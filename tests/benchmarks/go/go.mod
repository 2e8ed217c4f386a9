module example.com/policy-engine

go 1.21
