;;; What the scripts of the Emacs tests begin with: the snippet of the documentation, and patience.
;; Batch Emacs runs no idle timers, so changes are sent by hand.  -*- lexical-binding: t -*-

(require 'package)
(package-initialize)
(setq make-backup-files nil auto-save-default nil create-lockfiles nil)

(defvar session-folder (file-name-as-directory (getenv "FOLDER")))

(defun session-wait (what condition)
  "Wait until CONDITION holds; end with an error that says WHAT was waited for."
  (let ((end (+ (float-time) 90)) value)
    (while (and (not (setq value (funcall condition))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless value
      (message "timed out: %s\n%s\n%S" what (buffer-string) (session-findings))
      (kill-emacs 1))
    (message "ok %s" what)
    value))

(defun session-findings ()
  "Every finding that Flymake shows, as text."
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defun session-shows (words)
  "Whether a finding with WORDS is shown."
  (seq-some (lambda (text) (string-match-p words text)) (session-findings)))

(defun session-choose (title action)
  "Run ACTION, and choose what has TITLE in it where a choice is asked for."
  (cl-letf ((last-nonmenu-event ?x) ; as from the keyboard: no pop-up menu
            ((symbol-function 'completing-read)
             (lambda (_prompt collection &rest _)
               (let ((all (all-completions "" collection)))
                 (or (seq-find (lambda (each) (string-match-p title each)) all)
                     (error "None of %S is %s" all title))))))
    (funcall action)))

(defun session-on-disk (name)
  "What a file of the workspace holds."
  (with-temp-buffer
    (insert-file-contents (concat session-folder name))
    (buffer-string)))

(defun session-go-to (words)
  "Put the cursor on WORDS."
  (goto-char (point-min))
  (search-forward words)
  (goto-char (match-beginning 0)))
