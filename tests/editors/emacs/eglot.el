;;; Eglot: findings, a hover, a ready fix and one by the model, both saved.  -*- lexical-binding: t -*-
(load (getenv "SESSION"))
(load (getenv "SNIPPET"))
(require 'flymake)
(setq eglot-sync-connect 60 eglot-connect-timeout 60 eglot-autoshutdown t
      eglot-confirm-server-initiated-edits nil)

(find-file (concat session-folder "sign.py"))
(python-mode)
(apply #'eglot (eglot--guess-contact))
(session-wait "attached" #'eglot-managed-p)
(flymake-start)
(session-wait "the analyzer's finding" (lambda () (session-shows "F632\\|Use `==`")))
(session-wait "the model's finding" (lambda () (session-shows "may be zero")))

(session-go-to "mean")
(session-wait "the hover"
              (lambda ()
                (let ((answer (jsonrpc-request (eglot--current-server-or-lose) :textDocument/hover
                                               (eglot--TextDocumentPositionParams))))
                  (string-match-p "may be zero" (format "%s" (plist-get answer :contents))))))

(session-go-to "is \"EUR\"")
(session-choose "ruff/F632" (lambda () (eglot-code-actions (point) nil nil t)))
(session-wait "the ready fix is made" (lambda () (string-match-p "currency == \"EUR\"" (buffer-string))))
(eglot--signal-textDocument/didChange)
(save-buffer)
(session-wait "its finding is gone" (lambda () (not (session-shows "Use `==`"))))

(session-wait "the model has spoken again" (lambda () (session-shows "may be zero")))
(session-go-to "return sum")
(session-choose "^Fix with Mirador" (lambda () (eglot-code-actions (point) nil nil t)))
(session-wait "the fix by the model is made" (lambda () (string-match-p "if prices else 0.0" (buffer-string))))
(eglot--signal-textDocument/didChange)
(save-buffer)
(let ((saved (session-on-disk "sign.py")))
  (unless (and (string-match-p "if prices else 0.0" saved) (string-match-p "== \"EUR\"" saved))
    (error "Saved was %s" saved)))
(eglot-shutdown (eglot--current-server-or-lose) nil 20)
(message "all well")
