---Items as Markdown. Pure: an item becomes lines, highlights, and where they fold.

local config = require("athena.config")
local words = require("athena.words")

local M = {}

---@class athena.Block
---@field lines string[]
---@field marks athena.Mark[]
---@field last integer the last line, from 1, before the empty one that may follow
---@field fold? integer the line, from 1, at which a fold begins; it ends at the last one

---@param text string
---@return string[]
local function split(text)
  return vim.split((text:gsub("\r\n?", "\n"):gsub("%s+$", "")), "\n", { plain = true })
end

---@param text string
---@param language string
---@return string[]
local function fenced(text, language)
  local longest = 2
  for ticks in text:gmatch("`+") do
    longest = math.max(longest, #ticks)
  end
  local fence = ("`"):rep(longest + 1)
  local lines = { fence .. language }
  vim.list_extend(lines, split(text))
  table.insert(lines, fence)
  return lines
end

local diff = vim.text and vim.text.diff or vim.diff

---@param content athena.ToolDiff
---@return string
function M.diff(content)
  local old, new = content.oldText or "", content.newText
  local function whole(text)
    return (text == "" or vim.endswith(text, "\n")) and text or text .. "\n"
  end
  return diff(whole(old), whole(new), { ctxlen = 3 }) --[[@as string]]
end

---The highlight of a line of a diff.
---@param line string
---@return string?
function M.diff_highlight(line)
  local first = line:sub(1, 1)
  return first == "+" and "AthenaAdded"
    or first == "-" and "AthenaRemoved"
    or first == "@" and "AthenaMuted"
    or nil
end

---@param path string
---@param root? string
---@return string
function M.relative(path, root)
  if root and vim.startswith(path, root .. "/") then
    return path:sub(#root + 2)
  end
  return vim.fn.fnamemodify(path, ":~")
end

---What a tool is called with, beyond what its title says.
---@param call athena.ToolCall
---@return string text
---@return string language
function M.input(call)
  local input = call.input
  if type(input) ~= "table" or vim.tbl_isempty(input) then
    return input ~= nil and type(input) ~= "table" and tostring(input) or "", ""
  elseif type(input.command) == "string" then
    local command = vim.trim(input.command)
    return command ~= call.title and command or "", "sh"
  end
  local names, lines = vim.tbl_keys(input), {}
  table.sort(names, function(a, b)
    return tostring(a) < tostring(b)
  end)
  for _, name in ipairs(names) do
    local value = input[name]
    local said = type(value) == "string" and value or vim.json.encode(value)
    table.insert(lines, ("%s: %s"):format(name, said))
  end
  return table.concat(lines, "\n"), "yaml"
end

---@param block athena.Block
---@param content athena.ToolDiff
---@param root? string
local function add_diff(block, content, root)
  table.insert(block.lines, "`" .. M.relative(content.path, root) .. "`")
  for _, line in ipairs(fenced(M.diff(content), "diff")) do
    table.insert(block.lines, line)
    local highlight = M.diff_highlight(line)
    if highlight then
      table.insert(block.marks, { #block.lines - 1, 0, -1, highlight })
    end
  end
end

---@param block athena.Block
---@param content athena.ToolContent
---@param root? string
local function add_content(block, content, root)
  if content.type == "diff" then
    add_diff(block, content --[[@as athena.ToolDiff]], root)
  elseif content.type == "terminal" then
    vim.list_extend(block.lines, fenced(content.output or "", "console"))
    if content.exitCode and content.exitCode ~= 0 then
      table.insert(block.lines, ("exit code %d"):format(content.exitCode))
    end
  elseif content.type == "image" then
    table.insert(block.lines, ("*image, %s*"):format(content.mimeType or "?"))
  elseif content.text and content.text ~= "" then
    vim.list_extend(block.lines, fenced(content.text, ""))
  end
end

local STATUS_ICONS = {
  pending = "starting",
  inProgress = "working",
  completed = "done",
  failed = "failed",
  cancelled = "interrupted",
}
local OVER = { completed = true, failed = true, cancelled = true }
local STATUS_HIGHLIGHTS = {
  pending = "AthenaIdle",
  inProgress = "AthenaWorking",
  completed = "AthenaDone",
  failed = "AthenaFailed",
  cancelled = "AthenaIdle",
}

---Added and removed lines of what a tool call changed.
---@param item athena.ToolCall
---@return string
local function sums(item)
  local added, removed, any = 0, 0, false
  for _, content in ipairs(item.content) do
    if content.type == "diff" then
      any = true
      for line in
        vim.gsplit(M.diff(content --[[@as athena.ToolDiff]]), "\n")
      do
        added = added + (line:find("^%+") and 1 or 0)
        removed = removed + (line:find("^%-") and 1 or 0)
      end
    end
  end
  return any and (" +%d -%d"):format(added, removed) or ""
end

---@type table<string, fun(item: any, block: athena.Block, root?: string)>
local RENDER = {
  userMessage = function(item, block)
    local who = item.by:find("^agent:") and item.by or nil
    if who then
      table.insert(block.lines, ("> *%s:*"):format(who))
    end
    for _, line in ipairs(split(words.content(item.content))) do
      table.insert(block.lines, "> " .. line)
      table.insert(block.marks, { #block.lines - 1, 0, -1, "AthenaUser" })
    end
  end,
  message = function(item, block)
    vim.list_extend(block.lines, split(item.text))
  end,
  reasoning = function(item, block)
    local text = vim.trim(item.text)
    local lines = split(text)
    table.insert(block.lines, "~ " .. words.line(text, 70))
    table.insert(block.marks, { #block.lines - 1, 0, -1, "AthenaReasoning" })
    if #lines > 1 or vim.fn.strdisplaywidth(lines[1]) > 70 then
      block.fold = #block.lines
      for _, line in ipairs(lines) do
        table.insert(block.lines, "  " .. line)
        table.insert(block.marks, { #block.lines - 1, 0, -1, "AthenaReasoning" })
      end
    end
  end,
  toolCall = function(item, block, root)
    local icon = config.get().icons[STATUS_ICONS[item.status] or "idle"]
    local nested = item.parentId and "  " or ""
    local title = words.line(item.title, 200)
    local head = ("%s%s %s: %s%s"):format(nested, icon, item.tool, title, sums(item))
    local at = #nested + #icon
    table.insert(block.lines, head)
    local line = #block.lines - 1
    table.insert(block.marks, { line, 0, at, STATUS_HIGHLIGHTS[item.status] or "AthenaIdle" })
    table.insert(block.marks, { line, at + 1, at + 1 + #item.tool, "AthenaTool" })
    local head_lines = #block.lines
    for _, content in ipairs(item.content) do
      add_content(block, content, root)
    end
    if #block.lines == head_lines then
      local text, language = M.input(item)
      vim.list_extend(block.lines, text ~= "" and fenced(text, language) or {})
    end
    -- What still runs, or waits to be allowed, is in view; what is over is folded.
    if #block.lines > head_lines and OVER[item.status] then
      block.fold = head_lines
    end
  end,
  plan = function(item, block)
    for _, entry in ipairs(item.entries) do
      local icon = config.get().icons[STATUS_ICONS[entry.status] or "idle"]
      table.insert(block.lines, ("%s %s"):format(icon, entry.text))
      local highlight = STATUS_HIGHLIGHTS[entry.status] or "AthenaIdle"
      table.insert(block.marks, { #block.lines - 1, 0, #icon, highlight })
    end
  end,
  notice = function(item, block)
    local icon = item.level == "error" and "✗" or item.level == "warning" and "!" or "·"
    local highlight = item.level == "error" and "AthenaFailed"
      or item.level == "warning" and "AthenaWaiting"
      or "AthenaMuted"
    local lines = split(require("athena.remedies").translate(item.text, item.remedies))
    for index, line in ipairs(lines) do
      table.insert(block.lines, (index == 1 and icon or " ") .. " " .. line)
      table.insert(block.marks, { #block.lines - 1, 0, -1, highlight })
    end
    if #lines > 1 then
      block.fold = #block.lines - #lines + 1
    end
  end,
  unrecognized = function(item, block)
    table.insert(block.lines, "? not understood: " .. words.line(item.reason, 60))
    table.insert(block.marks, { #block.lines - 1, 0, -1, "AthenaWaiting" })
    block.fold = #block.lines
    vim.list_extend(block.lines, fenced(item.raw, ""))
  end,
}

---The heading of a turn.
---@param turn athena.TurnView
---@param number integer|string
---@return string
function M.heading(turn, number)
  local facts = { ("## Turn %s"):format(number), words.time(turn.startedAt) }
  if turn.endedAt then
    table.insert(facts, words.duration(turn.endedAt - turn.startedAt))
  end
  if turn.cost then
    table.insert(facts, words.cost(turn.cost))
  end
  if turn.usage then
    local usage = turn.usage
    local text = ("%s in, %s out"):format(
      words.tokens(usage.inputTokens),
      words.tokens(usage.outputTokens)
    )
    table.insert(facts, text)
  end
  if turn.error then
    table.insert(facts, turn.error.message)
  elseif turn.stopReason and turn.stopReason ~= "endTurn" then
    table.insert(facts, turn.stopReason)
  end
  return table.concat(facts, " · ")
end

---Whether two items that follow each other stand together, without a line between them.
---@param item athena.TranscriptItem
---@param below? athena.TranscriptItem
---@return boolean
function M.together(item, below)
  return below ~= nil
    and item.item.type == "toolCall"
    and below.item.type == "toolCall"
    and item.turnId == below.turnId
    and OVER[item.item.status] == true
end

---@param item athena.TranscriptItem
---@param turn? athena.TurnView when the item is the first of its turn
---@param root? string paths are shown relative to it
---@param below? athena.TranscriptItem what follows
---@return athena.Block
function M.render(item, turn, root, below)
  ---@type athena.Block
  local block = { lines = {}, marks = {}, last = 0 }
  if turn then
    table.insert(block.lines, M.heading(turn, words.turn(turn.turnId)))
    table.insert(block.lines, "")
  end
  local render = RENDER[item.item.type]
  if render then
    render(item.item, block, root)
  else
    table.insert(block.lines, ("? %s"):format(item.item.type))
  end
  if item.truncated then
    table.insert(block.lines, "… cut here; <CR> shows the whole")
    table.insert(block.marks, { #block.lines - 1, 0, -1, "AthenaMuted" })
  end
  block.last = #block.lines
  if not M.together(item, below) then
    table.insert(block.lines, "")
  end
  return block
end

return M
