;;; emacs.el --- eglot asks, answers, reads and takes  -*- lexical-binding: t -*-
;; Run as: emacs --batch -Q -l CONFIGURATION -l emacs.el PROJECT

(require 'eglot)

(defun test-wait (what check)
  (let ((end (+ (float-time) 20)) found)
    (while (and (not (setq found (funcall check))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless found (error "Not so after 20 s: %s" what))
    found))

(defun test-open (name)
  (find-file (expand-file-name name (car command-line-args-left)))
  (eglot-ensure)
  (run-hooks 'post-command-hook)
  (test-wait "eglot manages the buffer" #'eglot-current-server))

(defun test-action (beginning end title)
  "The code action whose title begins with TITLE."
  (seq-find (lambda (action) (string-prefix-p title (plist-get action :title)))
            (eglot-code-actions beginning end)))

;; What a user of any completion interface does with the question.
(setq test-asked nil)
(setq completing-read-function
      (lambda (prompt collection &rest _)
        (setq test-asked (append test-asked (list prompt)))
        (seq-find (lambda (name) (equal name "Allow")) (all-completions "" collection))))

(let* ((server (test-open "ask.py"))
       (action (test-action (point-min) (point-max) "Athena: Do what is selected")))
  (eglot-execute server action)
  (test-wait "the permission was asked" (lambda () test-asked))
  (message "ASKED %s" (car test-asked))
  (eglot-execute server (list :title "Transcript" :command "athena.transcript.open"
                              :arguments []))
  (let ((buffer (test-wait "the transcript is shown"
                           (lambda () (seq-find (lambda (b) (string-match-p "transcript" (buffer-name b)))
                                                (buffer-list))))))
    (with-current-buffer buffer
      (test-wait "the agent has finished"
                 (lambda () (revert-buffer t t t)
                   (string-match-p "Finished after allow-once" (buffer-string))))
      (message "READ %s" (string-match-p "Turn" (buffer-string)))))
  (test-open "poem.py")
  (eglot-execute server
                 (test-wait "the change is offered"
                            (lambda () (test-action (point-min) (point-min) "Athena: Take all changes"))))
  (message "TAKEN %S" (buffer-string))
  (save-buffer)
  (message "WROTE %s"
           (test-wait "it is known who wrote the line"
                      (lambda ()
                        (goto-char (point-min))
                        (forward-line 1)
                        (let ((told (jsonrpc-request server :textDocument/hover
                                                     (eglot--TextDocumentPositionParams))))
                          (plist-get (plist-get told :contents) :value)))))
  (jsonrpc-request server :workspace/executeCommand
                   '(:command "athena.review.comment"
                     :arguments [(:path "poem.py" :line 2 :text "Why this?")]))
  (flymake-mode 1)
  (message "PROBLEM %s"
           (test-wait "the comment is a problem"
                      (lambda () (when-let* ((found (flymake-diagnostics)))
                                   (flymake-diagnostic-text (car found))))))
  (eglot-shutdown server))
