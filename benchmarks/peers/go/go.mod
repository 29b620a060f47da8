module rtai/benchmarks

go 1.18
