---What an agent asks for: shown by itself without taking the focus, answered when the user enters
---it. To leave it is no answer.

local async = require("athena.async")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local config = require("athena.config")
local items = require("athena.transcript.items")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

---@type { window: integer, buffer: integer, request: string }?
local shown
---@type table<string, true> requests that the user has put away unanswered
local put_away = {}
local WIDTH, BODY_LINES = 76, 12
local FOCUSED = " <CR> more answers · <Esc> decides nothing "

---@param params table
local function answer(params)
  async.run(function()
    client.call("athena/request/answer", params)
  end)
end

---What a permission is about: the change, the command, or the input of the tool.
---@param request athena.OpenRequest
---@return string[]
local function body_of(request)
  local call = request.request.toolCall
  if not call then
    return {}
  end
  for _, content in ipairs(call.content or {}) do
    if content.type == "diff" then
      local diff = content --[[@as athena.ToolDiff]]
      local lines = { diff.path }
      return vim.list_extend(lines, vim.split(vim.trim(items.diff(diff)), "\n"))
    end
  end
  local text = items.input(call)
  return text ~= "" and vim.split(text, "\n") or {}
end

---The choices of an inquiry that one key can answer: of a single question that takes one of few.
---@param body athena.Inquiry
---@return athena.QuestionChoice[]
local function direct_choices(body)
  local question = body.questions[1]
  if #body.questions > 1 or question.several or #question.choices > 9 then
    return {}
  end
  return question.choices
end

---The keys besides the numbers: of the first option that allows, and of the first that rejects.
---@param options athena.PermissionOption[]
---@return table<integer, string> by place
local function letters(options)
  local found, seen = {}, {}
  for index, option in ipairs(options) do
    local letter = option.kind:find("^allow") and "a" or "d"
    if not seen[letter] then
      found[index], seen[letter] = letter, true
    end
  end
  return found
end

---@param request athena.OpenRequest
---@return string[]
---@return athena.Mark[]
local function compose(request)
  local lines, marks = {}, {}
  local function add(text, highlight)
    table.insert(lines, words.line(text, WIDTH))
    if highlight then
      table.insert(marks, { #lines - 1, 0, -1, highlight })
    end
  end
  add(words.request(request), "AthenaWaiting")
  local body = request.request
  if body.type == "permission" then
    local options = (body --[[@as athena.Permission]]).options
    local about = body_of(request)
    for index = 1, math.min(#about, BODY_LINES) do
      local line = about[index]
      add("  " .. line, items.diff_highlight(line) or "AthenaMuted")
    end
    if #about > BODY_LINES then
      add(("  … %d more lines"):format(#about - BODY_LINES), "AthenaMuted")
    end
    local by_letter = letters(options)
    for index, option in ipairs(options) do
      local letter = by_letter[index] and ("   (%s)"):format(by_letter[index]) or ""
      add(("%d %s%s"):format(index, option.name, letter), "AthenaKey")
    end
  else
    local direct = direct_choices(body --[[@as athena.Inquiry]])
    for index, choice in ipairs(direct) do
      local about = choice.description and " – " .. choice.description or ""
      add(("%d %s%s"):format(index, choice.label, about), "AthenaKey")
    end
    for index, question in ipairs(#direct == 0 and body.questions or {}) do
      if index > 1 then
        add(question.text, "AthenaWaiting")
      end
      for _, choice in ipairs(question.choices) do
        add("  " .. choice.label, "AthenaMuted")
      end
    end
    add(#direct > 0 and "<CR> something else" or "<CR> answer", "AthenaKey")
  end
  return lines, marks
end

function M.close()
  if shown then
    if vim.api.nvim_win_is_valid(shown.window) then
      vim.api.nvim_win_close(shown.window, true)
    end
    shown = nil
  end
end

---Ask the user each question of an inquiry; nil when they left.
---@param inquiry athena.Inquiry
---@return table<string, string[]>?
local function ask_questions(inquiry)
  local answers = {}
  for _, question in ipairs(inquiry.questions) do
    local said = {}
    if question.secret then
      local typed = vim.fn.inputsecret(question.text .. " ")
      said = { typed ~= "" and typed or nil }
    elseif #question.choices == 0 then
      said = { async.input(question.text) }
    else
      repeat
        local choices = {}
        for _, choice in ipairs(question.choices) do
          if not vim.tbl_contains(said, choice.label) then
            local about = choice.description and " – " .. choice.description or ""
            table.insert(choices, { label = choice.label .. about, value = choice.label })
          end
        end
        table.insert(choices, { label = "Something else …", value = true })
        if #said > 0 then
          table.insert(choices, 1, { label = "Done", value = false })
        end
        local chosen = async.select(choices, question.text, "athena.answer")
        if chosen == true then
          chosen = async.input(question.text)
        end
        if type(chosen) == "string" then
          table.insert(said, chosen)
        end
      until not question.several or type(chosen) ~= "string"
    end
    if #said == 0 then
      return nil
    end
    answers[question.id] = said
  end
  return answers
end

---@param request athena.OpenRequest
local function choose_permission(request)
  local body = request.request --[[@as athena.Permission]]
  local choices = {}
  for _, option in ipairs(body.options) do
    table.insert(choices, { label = option.name, value = { option = option.id } })
  end
  local allow = { option = "allow", remember = "session" }
  table.insert(choices, { label = "Allow, and the like in this session", value = allow })
  allow = { option = "allow", remember = "project" }
  table.insert(choices, { label = "Allow, and the like in this project", value = allow })
  table.insert(choices, { label = "Reject, and say why …", value = { option = "reject" } })
  if body.editable then
    table.insert(choices, { label = "Change it first …", value = "edit" })
  end
  local title = ("%s: %s"):format(request.agentName, body.title)
  local chosen = async.select(choices, title, "athena.permission")
  if chosen == "edit" then
    return M.edit(request)
  elseif chosen and chosen.option == "reject" then
    chosen.note = async.input("Why")
    if not chosen.note then
      return
    end
  end
  if chosen then
    chosen.requestId = request.requestId
    client.call("athena/request/answer", chosen)
  end
end

---Let the user change the input of a tool call, as JSON, before it is allowed.
---@param request athena.OpenRequest
function M.edit(request)
  local input = request.request.toolCall and request.request.toolCall.input or {}
  local buffer = vim.api.nvim_create_buf(false, false)
  vim.api.nvim_buf_set_name(buffer, "athena://edit/" .. request.requestId)
  vim.bo[buffer].buftype = "acwrite"
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = "json"
  local text = vim.json.encode(input):gsub('([,{])"', '%1\n  "'):gsub("}$", "\n}")
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(text, "\n"))
  vim.bo[buffer].modified = false
  vim.cmd("botright 8split")
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo[0][0].winbar = " Change it, then :w allows it so"
  vim.api.nvim_create_autocmd("BufWriteCmd", {
    buffer = buffer,
    callback = function()
      local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
      local ok, edited = pcall(vim.json.decode, table.concat(lines, "\n"))
      if not ok then
        return async.report("this is no JSON: " .. tostring(edited))
      end
      vim.bo[buffer].modified = false
      answer({ requestId = request.requestId, option = "allow", edited = edited })
      vim.schedule(vim.cmd.close)
    end,
  })
end

---Let the user answer a request in full, with `vim.ui.select`.
---@param id string
function M.choose(id)
  async.run(function()
    local request = state.request(id)
    if not request then
      async.fail("this request is no longer open")
      return
    end
    if request.request.type == "permission" then
      return choose_permission(request)
    end
    local answers = ask_questions(request.request --[[@as athena.Inquiry]])
    if answers then
      client.call("athena/request/answer", { requestId = id, answers = answers })
    end
  end)
end

---@param request athena.OpenRequest
---@param buffer integer
local function map(request, buffer)
  local id = request.requestId
  local function leave()
    put_away[id] = true
    M.close()
  end
  local keys = {
    { "<Esc>", "leave", "leave it undecided", leave },
    { "q", "leave_too", "leave it undecided", leave },
    {
      "<CR>",
      "choose",
      "all answers",
      function()
        M.close()
        M.choose(id)
      end,
    },
    {
      "t",
      "transcript",
      "the transcript",
      function()
        leave()
        require("athena.ui.transcript").open(request.agentId)
      end,
    },
  }
  if request.request.type == "permission" then
    for _, one in ipairs({ { "a", "allow" }, { "d", "reject" } }) do
      table.insert(keys, {
        one[1],
        one[2],
        one[2],
        function()
          answer({ requestId = id, option = one[2] })
        end,
      })
    end
    local permission = request.request --[[@as athena.Permission]]
    for index, option in ipairs(permission.options) do
      table.insert(keys, {
        tostring(index),
        "option" .. index,
        option.name,
        function()
          answer({ requestId = id, option = option.id })
        end,
      })
    end
  else
    local inquiry = request.request --[[@as athena.Inquiry]]
    local question = inquiry.questions[1]
    for index, choice in ipairs(direct_choices(inquiry)) do
      table.insert(keys, {
        tostring(index),
        "choice" .. index,
        choice.label,
        function()
          answer({ requestId = id, answers = { [question.id] = { choice.label } } })
        end,
      })
    end
  end
  buffers.map(buffer, "request", keys)
end

---@param request athena.OpenRequest
---@return string
local function title_of(request)
  local call, more = request.request.toolCall, #state.requests() - 1
  local what = call and (" · %s"):format(call.tool) or ""
  return (" %s asks%s%s "):format(
    words.line(request.agentName, 30),
    what,
    more > 0 and (" · %d more"):format(more) or ""
  )
end

---Show a request in a window above the others, in the upper right corner.
---@param request athena.OpenRequest
---@param focus boolean
function M.show(request, focus)
  if shown and shown.request == request.requestId and vim.api.nvim_win_is_valid(shown.window) then
    if focus then
      vim.api.nvim_set_current_win(shown.window)
    end
    return
  end
  M.close()
  local lines, marks = compose(request)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = "athena-request"
  buffers.set(buffer, 0, -1, lines, marks)
  local width = vim.fn.strdisplaywidth(FOCUSED)
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  width = math.min(width, vim.o.columns - 4)
  local window = vim.api.nvim_open_win(buffer, focus, {
    relative = "editor",
    anchor = "NE",
    row = 1,
    col = vim.o.columns,
    width = width,
    height = math.max(1, math.min(#lines, vim.o.lines - 6)),
    style = "minimal",
    border = "rounded",
    title = title_of(request),
    footer = focus and FOCUSED or " :Athena answer ",
    zindex = 60,
  })
  vim.wo[window].cursorline = false
  map(request, buffer)
  shown = { window = window, buffer = buffer, request = request.requestId }
  vim.api.nvim_create_autocmd("WinEnter", {
    buffer = buffer,
    callback = function()
      vim.api.nvim_win_set_config(0, { footer = FOCUSED })
    end,
  })
end

---Let the user answer: the request that is asked for, else the oldest.
---@param id? string
function M.enter(id)
  local request = id and state.request(id) or (not id and state.requests()[1]) or nil
  if not request then
    return words.tell(id and "this request is no longer open" or "nothing waits for you")
  end
  M.show(request, true)
end

---Whether the current window shows requests by itself: the lists do, and the agent's own transcript.
---@param request athena.OpenRequest
---@return boolean
local function in_view(request)
  local filetype = vim.bo.filetype
  if filetype == "athena-agents" or filetype == "athena-inbox" then
    return true
  end
  local transcript = package.loaded["athena.ui.transcript"] --[[@as table?]]
  return transcript ~= nil and transcript.current() == request.agentId
end

---Show what waits, close what was answered here or elsewhere, or is in view anyway.
local function follow()
  local valid = shown ~= nil and vim.api.nvim_win_is_valid(shown.window)
  if shown and valid and vim.api.nvim_get_current_win() == shown.window then
    if not state.request(shown.request) then
      M.close()
    end
    return
  end
  local request = shown and state.request(shown.request)
  if shown and (not request or not valid or in_view(request)) then
    M.close()
  end
  -- Whoever is choosing in a picker, or writing into another such window, is not covered.
  local busy = vim.api.nvim_win_get_config(0).relative ~= ""
  if shown or busy or not config.get().notify then
    return
  end
  for _, other in ipairs(state.requests()) do
    if not put_away[other.requestId] and not in_view(other) then
      return M.show(other, false)
    end
  end
end

state.on("athena.ui.request", follow)
vim.api.nvim_create_autocmd("BufEnter", {
  group = vim.api.nvim_create_augroup("athena.ui.request", {}),
  callback = vim.schedule_wrap(follow),
})

return M
