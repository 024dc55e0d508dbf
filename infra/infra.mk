# Deployment. Two environments of its own: CDK (.venv-infra) and the local AWS (.venv-rehearsal).

STAGE ?= dev
INFRA := .venv-infra/bin/python
CDK := npx --yes aws-cdk@2.1148.1

.PHONY: package synth test-infra rehearse rehearse-cdk deploy-data deploy diff destroy publish-flows publish-pages link clean-infra

package: .venv-infra/.ready ## zip and layer for AWS
	@$(INFRA) -m infra package --stage $(STAGE)

synth: .venv-infra/.ready ## templates, rule packs (cdk-nag), cfn-lint
	@$(INFRA) -m infra synth --stage $(STAGE)

.PHONY: ready
ready: .venv-infra/.ready
	@$(INFRA) -m infra ready --stage $(STAGE)

# By file: each makes or records what all of its tests read.
test-infra: .venv/.dev .venv-infra/.ready ## what the templates promise
	@$(PY) -m pytest --numprocesses auto --dist loadfile tests/test_infra*.py --no-cov -p no:cacheprovider

rehearse: .venv/.offline .venv-rehearsal/.ready synth ## deploy to a local AWS and hold a conversation
	@$(PY) -m infra rehearse --stage $(STAGE)

rehearse-cdk: .venv/.offline .venv-rehearsal/.ready synth ## make deploy and destroy, on a local AWS
	@CDK="$(CDK)" $(PY) -m infra rehearse-cdk --stage $(STAGE)

deploy-data: ready synth ## STAGE=prod: key, tables, bucket alone, to restore data into
	@$(CDK) deploy --app build/cdk/$(STAGE) --require-approval never "*-data" "*-copies"

deploy: .venv/.offline ready synth ## STAGE=prod: everything, onto the account of your AWS credentials
	@$(PY) -m infra may-sign --stage $(STAGE)
	@$(CDK) deploy --app build/cdk/$(STAGE) --require-approval never --all
	@$(PY) -m infra flows --stage $(STAGE)
	@$(PY) -m infra pages --stage $(STAGE)
	@$(PY) -m infra link --stage $(STAGE)
	@$(PY) -m infra has-secrets --stage $(STAGE)

diff: synth ## STAGE=prod: what a deployment would change
	@$(CDK) diff --app build/cdk/$(STAGE)

destroy: synth ## STAGE=dev: take the stacks away (data stays where keep_data is true)
	@$(CDK) destroy --app build/cdk/$(STAGE) $$($(INFRA) -m infra removable --stage $(STAGE))

publish-flows: .venv/.offline ## STAGE=prod: render, lint, compare and publish the contact flows
	@$(PY) -m infra flows --stage $(STAGE)

publish-pages: .venv/.offline ## STAGE=prod: what people read where a link opens no file
	@$(PY) -m infra pages --stage $(STAGE)

link: .venv/.offline ## STAGE=prod: send the WhatsApp account's events to us
	@$(PY) -m infra link --stage $(STAGE)

clean-infra: ## remove the deployment's environments
	rm -rf .venv-infra .venv-rehearsal build/cdk build/rehearsal

# The local AWS runs functions with its own interpreter, so that it is theirs. Wheels are chosen for it
# by any other, too (infra/wheels.py).
FIND_LAMBDAS_PYTHON = for python in python3.13 python3 python "$$HOME"/.pyenv/versions/3.13.*/bin/python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then \
	    found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "the rehearsal needs Python 3.13, as AWS runs the functions with: install it" >&2; \
	  exit 1; \
	fi

.venv-infra/.ready: infra/requirements.txt
	@node --version >/dev/null 2>&1 || { \
	  echo "CDK needs Node.js 20 or later: https://nodejs.org" >&2; exit 1; }
	@$(FIND_PYTHON); echo "installing what the deployment needs (once, about a minute)"; \
	"$$found" -m venv --clear .venv-infra
	@$(INFRA) -m pip install --quiet --disable-pip-version-check -r infra/requirements.txt
	@touch $@

.venv-rehearsal/.ready: infra/rehearsal/requirements.txt
	@$(FIND_LAMBDAS_PYTHON); echo "installing the local AWS (once, under a minute)"; \
	"$$found" -m venv --clear .venv-rehearsal
	@.venv-rehearsal/bin/python -m pip install --quiet --disable-pip-version-check \
	  -r infra/rehearsal/requirements.txt
	@touch $@
