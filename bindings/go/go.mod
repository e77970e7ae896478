module github.com/rocky-data/rocky/bindings/go/v2

go 1.19
