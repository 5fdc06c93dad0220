---Short words for numbers, times and states, the same in all views.

local config = require("athena.config")

local M = {}

---@type table<athena.Status, { icon: string, words: string, highlight: string }>
local STATUS = {
  starting = { icon = "starting", words = "starting", highlight = "AthenaWorking" },
  working = { icon = "working", words = "working", highlight = "AthenaWorking" },
  needsPermission = { icon = "waiting", words = "needs permission", highlight = "AthenaWaiting" },
  needsInput = { icon = "waiting", words = "has a question", highlight = "AthenaWaiting" },
  idle = { icon = "idle", words = "idle", highlight = "AthenaIdle" },
  done = { icon = "done", words = "done", highlight = "AthenaDone" },
  interrupted = { icon = "interrupted", words = "interrupted", highlight = "AthenaIdle" },
  failed = { icon = "failed", words = "failed", highlight = "AthenaFailed" },
  imported = { icon = "done", words = "imported", highlight = "AthenaDone" },
  dead = { icon = "dead", words = "dead", highlight = "AthenaFailed" },
}

---@param agent athena.AgentView
---@return string icon
---@return string words
---@return string highlight
function M.status(agent)
  -- A newer server may know states that we do not.
  local row = STATUS[agent.status] or { icon = "idle", words = agent.status, highlight = "Normal" }
  local words = agent.archived and "archived" or agent.stalled and "stalled" or row.words
  return config.get().icons[row.icon], words, row.highlight
end

---@param agent athena.AgentView
---@return boolean
function M.waits(agent)
  return agent.status == "needsPermission" or agent.status == "needsInput"
end

---@param cost? athena.Cost
---@return string
function M.cost(cost)
  if not cost then
    return ""
  end
  local sign = cost.currency == "USD" and "$" or cost.currency .. " "
  local mark = cost.source == "reported" and "" or "~"
  if cost.amount > 0 and cost.amount < 0.01 then
    return ("%s<%s0.01"):format(mark, sign)
  end
  return ("%s%s%.2f"):format(mark, sign, cost.amount)
end

---@param count integer
---@param noun string
---@return string
function M.count(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

---The number of a turn, as its id says it (`agent.t3`).
---@param turn string
---@return string
function M.turn(turn)
  return turn:match("%.t(%d+)$") or turn
end

---@param first integer
---@param last? integer
---@return string
function M.lines(first, last)
  return (last == nil or last == first) and tostring(first) or ("%d-%d"):format(first, last)
end

---@param tokens number
---@return string
function M.tokens(tokens)
  if tokens < 1000 then
    return tostring(tokens)
  end
  return tokens < 1e6 and ("%.1fk"):format(tokens / 1e3) or ("%.1fM"):format(tokens / 1e6)
end

---@param ms number
---@return string
function M.duration(ms)
  local seconds = math.floor(ms / 1000 + 0.5)
  if seconds < 60 then
    return seconds .. " s"
  elseif seconds < 3600 then
    return ("%d min %d s"):format(math.floor(seconds / 60), seconds % 60)
  end
  return ("%d h %d min"):format(math.floor(seconds / 3600), math.floor(seconds % 3600 / 60))
end

---@param at integer milliseconds since 1970 UTC
---@return string
function M.time(at)
  return os.date("%H:%M:%S", math.floor(at / 1000)) --[[@as string]]
end

---The first line of a text, cut to a width in cells of the screen.
---@param text string
---@param width? integer
---@return string
function M.line(text, width)
  local first = vim.trim(text):match("^[^\r\n]*") or ""
  width = width or 60
  if vim.fn.strdisplaywidth(first) <= width then
    return first
  end
  local count = width - 1
  local cut = vim.fn.strcharpart(first, 0, count)
  -- Some characters are two cells wide.
  while vim.fn.strdisplaywidth(cut) > width - 1 do
    count = count - math.ceil((vim.fn.strdisplaywidth(cut) - width + 1) / 2)
    cut = vim.fn.strcharpart(first, 0, count)
  end
  return cut .. "…"
end

---What content says, as text.
---@param content athena.ContentBlock[]
---@return string
function M.content(content)
  local said = {}
  for _, block in ipairs(content or {}) do
    if block.type == "text" then
      table.insert(said, block.text)
    elseif block.type == "resource_link" then
      local lines = block.line and ":" .. M.lines(block.line, block.endLine) or ""
      table.insert(said, ("[%s%s]"):format(block.name or block.uri, lines))
    elseif block.type == "resource" then
      table.insert(said, ("[%s]"):format(block.uri))
    elseif block.type == "image" then
      table.insert(said, ("[image %s]"):format(block.mimeType or ""))
    end
  end
  return table.concat(said, "\n")
end

---What a request asks for, in a line.
---@param request athena.OpenRequest
---@return string
function M.request(request)
  local body = request.request
  if body.type == "permission" then
    return body.title or "a permission"
  end
  return body.questions and body.questions[1] and body.questions[1].text or "a question"
end

---Whether messages go where Neovim puts them, and not to a plugin that shows them otherwise.
---@return boolean
local function notifies_itself()
  local source = assert(debug.getinfo(vim.notify, "S")).source
  -- Neovim's own functions are stripped of their places since 0.12.
  return source:find("^=?%?$") ~= nil or vim.startswith(source, "@vim/")
end

---Tell the user something. It never asks for a key: what is too long for the line of messages is in
---a window until the next key.
---@param text string
---@param level? integer of `vim.log.levels`
function M.tell(text, level)
  local line = "Athena: " .. text:gsub("%s*\n%s*", " ")
  level = level or vim.log.levels.INFO
  if vim.fn.strdisplaywidth(line) <= vim.v.echospace or not notifies_itself() then
    vim.notify(line, level)
  else
    require("athena.ui.notice").show(line, level)
  end
end

return M
