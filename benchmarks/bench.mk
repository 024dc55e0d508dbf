.PHONY: bench bench-load

bench: .venv/.offline ## calls, latency, start-up, CPU, growth and a crowd, measured
	@$(PY) -m benchmarks all

bench-load: .venv/.offline ## a thousand customers at once
	@$(PY) -m benchmarks load --customers 1000 --seconds 30
