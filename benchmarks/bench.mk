.PHONY: bench bench-load bench-http

bench: .venv/.offline ## calls, latency, start-up, CPU, growth and a crowd, measured
	@$(PY) -m benchmarks all

bench-load: .venv/.offline ## a thousand customers at once
	@$(PY) -m benchmarks load --customers 1000 --seconds 30

bench-http: .venv/.offline ## what this machine bears in real time: AWS over HTTP, the product in two processes
	@$(PY) -m benchmarks rate
