---Waiting in coroutines: what asks the user or the server reads from top to bottom.

local M = {}

---@type table<thread, fun(failure: athena.Failure|string)> what to do with what a coroutine raises
local on_errors = setmetatable({}, { __mode = "k" })

---An error for the user: its words are shown, without a traceback.
---@class athena.Failure
---@field message string
---@field code? integer
---@field data? table
---@field method? string

---@param words string
function M.fail(words)
  error({ message = words }, 0)
end

---@param failure athena.Failure|string
function M.report(failure)
  local text = type(failure) == "table" and require("athena.remedies").whole(failure)
    or tostring(failure)
  if text:find("\nstack traceback:", 1, true) then
    return vim.notify("Athena: " .. text, vim.log.levels.ERROR)
  end
  require("athena.words").tell(text, vim.log.levels.ERROR)
end

---@param co thread
local function step(co, ...)
  local ok, failure = coroutine.resume(co, ...)
  if not ok then
    if type(failure) ~= "table" then
      failure = debug.traceback(co, tostring(failure))
    end
    (on_errors[co] or M.report)(failure)
  end
end

---Run a function that may wait. What it raises goes to `on_error`, by default to the user.
---@param fn fun(...)
---@param on_error? fun(failure: athena.Failure|string)
function M.run(fn, on_error)
  local co = coroutine.create(fn)
  on_errors[co] = on_error
  step(co)
end

---Wait in `M.run`: `start` is given a function to call once, with what is then returned.
---@param start fun(resume: fun(...))
---@return any ...
function M.await(start)
  local co = assert(coroutine.running(), "only in async.run")
  local done, waiting, values = false, false, nil
  start(function(...)
    if done then
      return
    end
    done = true
    values = vim.F.pack_len(...)
    if waiting then
      step(co)
    end
  end)
  if not done then
    waiting = true
    coroutine.yield()
  end
  return vim.F.unpack_len(values)
end

---@class athena.Choosable
---@field label string
---@field value any

---The value of what the user chose with `vim.ui.select`; nil when they left.
---@param items athena.Choosable[]
---@param prompt string
---@param kind? string
---@return any
function M.select(items, prompt, kind)
  local chosen = M.await(function(resume)
    vim.ui.select(items, {
      prompt = prompt,
      kind = kind or "athena",
      format_item = function(item)
        return item.label
      end,
    }, resume)
  end)
  return chosen and chosen.value
end

---A line of text from `vim.ui.input`; nil when the user left.
---@param prompt string
---@param default? string
---@param completion? string
---@return string?
function M.input(prompt, default, completion)
  return M.await(function(resume)
    vim.ui.input({ prompt = prompt .. ": ", default = default, completion = completion }, resume)
  end)
end

---@param question string
---@param yes string the words of going on
---@return boolean
function M.confirm(question, yes)
  return M.select({
    { label = yes, value = true },
    { label = "Cancel", value = false },
  }, question, "athena.confirm") == true
end

return M
