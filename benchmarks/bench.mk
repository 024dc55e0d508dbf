.PHONY: bench bench-load bench-http

bench: .venv/.offline ## goals and what is measured: calls, CPU, start-up, growth, load (eight minutes)
	@$(PY) -m benchmarks all

bench-load: .venv/.offline ## a thousand customers at once
	@$(PY) -m benchmarks load --customers 1000 --seconds 30

bench-http: .venv/.offline ## what this machine bears in real time: AWS over HTTP, the product in two processes
	@$(PY) -m benchmarks rate
