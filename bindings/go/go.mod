module rocky.invalid/go/v2

go 1.19
