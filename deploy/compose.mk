# The compose stack. Included by the Makefile.

.PHONY: start debug logs stop compose-test

start: ## start the docker compose stack (server, mongo, chrony, redis, nginx) and wait until it is healthy
	@bash deploy/stack.sh start

debug: ## the stack in the foreground, with debug logs, inspector and the server on the loopback address
	@bash deploy/stack.sh debug

logs: ## follow the logs of the stack
	@bash deploy/stack.sh logs

stop: ## stop the stack; the data stay
	@bash deploy/stack.sh stop

compose-test: ## start the whole stack for real, measure, restart each part, check, take it down (exit 77: no docker engine)
	@bash test/compose/run.sh
