-- A model: the file's name is the model's name, the query is what it holds.
SELECT 1 AS id, 'hello' AS greeting
