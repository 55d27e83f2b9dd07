;;; lsp-mode: findings and a ready fix that is saved.  -*- lexical-binding: t -*-
(load (getenv "SESSION"))
(setq lsp-session-file (concat session-folder "lsp-session") lsp-auto-guess-root t
      lsp-enable-suggest-server-download nil lsp-diagnostics-provider :flymake
      lsp-restart 'ignore lsp-enable-file-watchers nil lsp-headerline-breadcrumb-enable nil
      lsp-response-timeout 60 lsp-auto-execute-action nil)
(load (getenv "SNIPPET"))
(require 'flymake)
(require 'lsp-diagnostics)
(setq lsp-disabled-clients '(pyls pylsp mspyls ruff-lsp))

(find-file (concat session-folder "sign.py"))
(python-mode)
(lsp)
(session-wait "attached" (lambda () (lsp-workspaces)))
(session-wait "initialized"
              (lambda () (eq 'initialized (lsp--workspace-status (car (lsp-workspaces))))))
(flymake-mode 1)
(session-wait "the analyzer's finding" (lambda () (flymake-start) (session-shows "Use `==`")))
(session-wait "the model's finding" (lambda () (flymake-start) (session-shows "may be zero")))

(session-go-to "is \"EUR\"")
(session-choose "ruff/F632" (lambda () (call-interactively #'lsp-execute-code-action)))
(session-wait "the ready fix is made" (lambda () (string-match-p "currency == \"EUR\"" (buffer-string))))
(save-buffer)
(unless (string-match-p "== \"EUR\"" (session-on-disk "sign.py")) (error "It was not saved"))
(lsp-workspace-shutdown (car (lsp-workspaces)))
(message "all well")
