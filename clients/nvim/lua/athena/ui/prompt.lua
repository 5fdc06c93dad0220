---A buffer to write a prompt in: several lines, `@` mentions files, `/` the harness's commands.
---`:w` sends it.

local async = require("athena.async")
local bar = require("athena.ui.bar")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local places = require("athena.places")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

---Where mentioned files are: below a folder, or below others that the text names first.
---@class athena.Folders
---@field own string
---@field others table<string, string> by name

---@class athena.PromptBuffer
---@field title string
---@field agent? string whose prompt it is
---@field folders fun(): athena.Folders where mentioned files are
---@field send fun(text: string, content: athena.ContentBlock[]?, steer: boolean)
---@field steers boolean whether it can go into the running turn
---@field content? athena.ContentBlock[] what goes with it besides what is mentioned
---@field text? string what is in it already
---@field sent? boolean
---@field draft? string under which it is kept when it is put away unsent
---@field commands? athena.Choice[] the harness's own
---@field parts? fun(): athena.BarPart[] what else is told above it
---@field choose? fun(changed: fun()) lets the user choose what it goes with; in `async.run`

---@type table<integer, athena.PromptBuffer>
local open = {}
---@type table<string, string> what was written and put away unsent, by the place it was for
local drafts = {}
local count = 0

---Files that can be mentioned, relative to a folder: those that git knows or does not ignore.
---@type table<string, { at: integer, files: string[] }>
local known_files = {}
local FRESH_MS = 10000

---@param folder string
---@return string[]
local function files_in(folder)
  local known = known_files[folder]
  if known and vim.uv.now() - known.at < FRESH_MS then
    return known.files
  end
  local command = { "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z" }
  local ok, done = pcall(function()
    return vim.system(command, { cwd = folder, text = true }):wait(2000)
  end)
  local files = {} ---@type string[]
  if ok and done.code == 0 then
    files = vim.split(done.stdout or "", "\0", { plain = true, trimempty = true })
  else
    for name, kind in vim.fs.dir(folder, { depth = 4 }) do
      if kind == "file" then
        table.insert(files, name)
      end
    end
  end
  known_files[folder] = { at = vim.uv.now(), files = files }
  return files
end

---The files of all folders, as a text names them.
---@param folders athena.Folders
---@return string[]
local function nameable(folders)
  local found = files_in(folders.own)
  for _, name in ipairs(vim.fn.sort(vim.tbl_keys(folders.others))) do
    local elsewhere = vim.tbl_map(function(path)
      return name .. "/" .. path
    end, files_in(folders.others[name]))
    found = vim.list_extend(vim.list_extend({}, found), elsewhere)
  end
  return found
end

---Where the mark begins that is being written at the cursor, from byte 0: `@` anywhere, `/` at the
---start of a line.
---@return integer?
local function mark_start()
  local before = vim.api.nvim_get_current_line():sub(1, vim.fn.col(".") - 1)
  local start = before:find("%f[%S]@[^%s@]*$") or before:find("^/%S*$")
  return start and start - 1
end

---Files for what begins with `@`, commands of the harness for what begins with `/`.
---@param base string
---@return table[] for |complete-items|
local function candidates(base)
  local prompt = open[vim.api.nvim_get_current_buf()]
  local mark, rest = base:sub(1, 1), base:sub(2)
  local found = {}
  if not prompt then
    return found
  elseif mark == "@" then
    local files = nameable(prompt.folders())
    local fitting = rest == "" and files or vim.fn.matchfuzzy(files, rest) --[[@as string[] ]]
    for index = 1, math.min(#fitting, 100) do
      local name = fitting[index]
      local word = name:find("%s") and ('@"%s"'):format(name) or "@" .. name
      table.insert(found, { word = word, abbr = name, menu = "file" })
    end
  else
    for _, command in ipairs(prompt.commands or {}) do
      if vim.startswith(command.name, rest) then
        table.insert(found, { word = "/" .. command.name, menu = command.description })
      end
    end
  end
  return found
end

---For 'completefunc'.
---@param findstart integer
---@param base string
---@return integer|table
function M.complete(findstart, base)
  if findstart == 1 then
    return mark_start() or -3
  end
  return { words = candidates(base), refresh = "always" }
end

---What a text mentions: `@name`, or `@"a name"` where it holds spaces.
---@param text string
---@return string[]
local function mentioned(text)
  local names = {}
  for name in (" " .. text):gmatch('[%s(]@([^%s@"]+)') do
    table.insert(names, (name:gsub("[,;:.!?)]+$", "")))
  end
  for name in (" " .. text):gmatch('[%s(]@"([^"\n]+)"') do
    table.insert(names, name)
  end
  return names
end

---Where the files are that an agent's prompts mention.
---@param agent athena.AgentView
---@return athena.Folders
function M.folders_of(agent)
  local own = agent.workspace and agent.workspace.cwd or agent.project
  return { own = own, others = places.others(agent) }
end

---The file of a name, if there is one.
---@param name string
---@param folders athena.Folders
---@return string?
local function file_of(name, folders)
  local possible = { vim.startswith(name, "/") and name or folders.own .. "/" .. name }
  for repository, folder in pairs(folders.others) do
    if vim.startswith(name, repository .. "/") then
      table.insert(possible, folder .. name:sub(#repository + 1))
    end
  end
  for _, path in ipairs(possible) do
    if vim.uv.fs_stat(path) then
      return vim.fs.normalize(path)
    end
  end
end

---The files that a text mentions, as links.
---@param text string
---@param folders athena.Folders
---@return athena.ContentBlock[]
function M.mentions(text, folders)
  local links, seen = {}, {}
  for _, name in ipairs(mentioned(text)) do
    local path, line, last = name, nil, nil
    local file, from, to = name:match("^(.-):(%d+)%-?(%d*)$")
    if file then
      path, line, last = file, tonumber(from), tonumber(to)
    end
    local full = not seen[name] and file_of(path, folders)
    if full then
      seen[name] = true
      table.insert(links, {
        type = "resource_link",
        uri = vim.uri_from_fname(full),
        name = path,
        line = line,
        endLine = last or line,
      })
    end
  end
  return links
end

---@param buffer integer
---@param steer boolean
local function send(buffer, steer)
  local prompt = open[buffer]
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local text = vim.trim(table.concat(lines, "\n"))
  if text == "" then
    return words.tell("the prompt is empty")
  end
  local content = vim.list_extend({}, prompt.content or {})
  vim.list_extend(content, M.mentions(text, prompt.folders()))
  vim.bo[buffer].modified = false
  prompt.sent = true
  local window = vim.fn.bufwinid(buffer)
  vim.cmd.stopinsert()
  if window > 0 and #vim.api.nvim_tabpage_list_wins(0) > 1 then
    vim.api.nvim_win_close(window, true)
  end
  async.run(function()
    prompt.send(text, #content > 0 and content or nil, steer)
    vim.api.nvim_buf_delete(buffer, { force = true })
  end, function(failure)
    -- What was written is not lost when it could not be sent.
    prompt.sent = false
    if vim.api.nvim_buf_is_loaded(buffer) then
      vim.cmd("botright 8split")
      vim.api.nvim_win_set_buf(0, buffer)
    end
    async.report(failure)
  end)
end

---Offer what fits without choosing it: <CR> goes on being the end of a line. The option belongs to
---the buffer since Neovim 0.11, so before that it is lent.
---@param buffer integer
local function offer_only(buffer)
  local offering = "menuone,noselect"
  if vim.fn.has("nvim-0.11") == 1 then
    vim.bo[buffer].completeopt = offering
    return
  end
  local own
  vim.api.nvim_create_autocmd({ "InsertEnter", "InsertLeave" }, {
    buffer = buffer,
    callback = function(event)
      if event.event == "InsertEnter" then
        own, vim.o.completeopt = vim.o.completeopt, offering
      elseif own then
        own, vim.o.completeopt = nil, own
      end
    end,
  })
end

---@type string? what was offered last
local offered

---Offer what fits at the cursor, where a mark is being written, anew with each letter.
local function offer()
  local start = mark_start()
  local base = start and vim.api.nvim_get_current_line():sub(start + 1, vim.fn.col(".") - 1)
  local visible = vim.fn.pumvisible() == 1
  if not start or not base or (visible and base == offered) then
    offered = visible and offered or nil
    return
  elseif visible and vim.fn.complete_info({ "selected" }).selected >= 0 then
    return
  end
  offered = base
  local found = candidates(base)
  if #found > 0 then
    vim.fn.complete(start + 1, found)
  end
end

---@param buffer integer
local function complete_on_mark(buffer)
  offer_only(buffer)
  vim.api.nvim_create_autocmd({ "TextChangedI", "TextChangedP" }, {
    buffer = buffer,
    callback = offer,
  })
end

---For 'winbar'.
---@return string
function M.winbar()
  local buffer, width = bar.drawn()
  local prompt = open[buffer]
  if not prompt then
    return ""
  end
  local parts = { { prompt.title, "AthenaTitle", cut = true } }
  vim.list_extend(parts, prompt.parts and prompt.parts() or {})
  table.insert(parts, { prompt.steers and "<C-s> queue · <M-s> steer" or "<C-s> send" })
  if prompt.choose then
    table.insert(parts, { "<M-o> options", rank = 6 })
  end
  table.insert(parts, { prompt.agent and "@ file · / command" or "@ file", rank = 7 })
  table.insert(parts, { "q later", rank = 8 })
  return bar.compose(width, parts)
end

---End Insert mode, which `:stopinsert` does only behind the mapping that calls it. To begin it again
---before would leave something between the modes.
---@param resume fun()
local function leave_insert(resume)
  vim.api.nvim_create_autocmd("InsertLeave", { once = true, callback = vim.schedule_wrap(resume) })
  vim.cmd.stopinsert()
end

---@param prompt athena.PromptBuffer
local function choose(prompt)
  local choosing = assert(prompt.choose)
  local inserting = vim.fn.mode() == "i"
  local window = vim.api.nvim_get_current_win()
  async.run(function()
    if inserting then
      async.await(leave_insert)
    end
    choosing(function()
      vim.cmd.redrawstatus({ bang = true })
    end)
    if inserting and vim.api.nvim_get_current_win() == window then
      vim.cmd("startinsert!")
    end
  end)
end

---@param buffer integer
---@param prompt athena.PromptBuffer
---@return athena.Key[]
local function keys(buffer, prompt)
  local function sending(steer)
    return function()
      send(buffer, steer)
    end
  end
  local found = {
    { "<CR>", "send", "send", sending(false) },
    { "<C-s>", "send_insert", "send", sending(false), mode = { "n", "i" } },
    { "q", "close", "put away, to go on later", "<Cmd>bwipeout!<CR>" },
  }
  if prompt.choose then
    local function choosing()
      choose(prompt)
    end
    table.insert(found, { "go", "options", "harness, model, workspace and so on", choosing })
    table.insert(found, {
      "<M-o>",
      "options_insert",
      "harness, model, workspace and so on",
      choosing,
      mode = { "n", "i" },
    })
  end
  if prompt.steers then
    table.insert(found, { "gs", "steer", "steer the running turn", sending(true) })
    table.insert(found, {
      "<M-s>",
      "steer_insert",
      "steer the running turn",
      sending(true),
      mode = { "n", "i" },
    })
  end
  return found
end

---What is put away unsent comes back with the next prompt for the same place.
---@param buffer integer
local function keep_draft(buffer)
  local prompt = open[buffer]
  if prompt.draft then
    local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
    drafts[prompt.draft] = not prompt.sent and vim.trim(text) ~= "" and text or nil
  end
end

---Let the user write a prompt.
---@param prompt athena.PromptBuffer
---@return integer buffer
function M.open(prompt)
  count = count + 1
  local buffer = vim.api.nvim_create_buf(true, false)
  open[buffer] = prompt
  vim.api.nvim_buf_set_name(buffer, ("athena://prompt/%d/%s"):format(count, prompt.title))
  vim.bo[buffer].buftype = "acwrite"
  vim.bo[buffer].buflisted = false
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].filetype = "athena-prompt"
  vim.bo[buffer].completefunc = "v:lua.require'athena.ui.prompt'.complete"
  vim.treesitter.language.register("markdown", "athena-prompt")
  pcall(vim.treesitter.start, buffer, "markdown")
  vim.cmd("botright 8split")
  vim.api.nvim_win_set_buf(0, buffer)
  buffers.plain(0, { wrap = true, linebreak = true, cursorline = false })
  vim.wo[0][0].winbar = "%{%v:lua.require'athena.ui.prompt'.winbar()%}"
  buffers.map(buffer, "prompt", keys(buffer, prompt))
  complete_on_mark(buffer)
  vim.api.nvim_create_autocmd("BufWriteCmd", {
    buffer = buffer,
    callback = function()
      vim.schedule(function()
        send(buffer, false)
      end)
    end,
  })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buffer,
    callback = function()
      keep_draft(buffer)
      open[buffer] = nil
    end,
  })
  local text = prompt.text or drafts[prompt.draft]
  if text then
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(text, "\n"))
    vim.cmd("normal! G$")
  end
  vim.cmd("startinsert!")
  -- A picker that was just left may still be ending its own Insert mode.
  vim.schedule(function()
    if vim.api.nvim_get_current_buf() == buffer then
      vim.cmd("startinsert!")
    end
  end)
  return buffer
end

---The agent whose prompt is written in the current buffer.
---@return string?
function M.current()
  local prompt = open[vim.api.nvim_get_current_buf()]
  return prompt and prompt.agent
end

---Let the user write a prompt to an agent.
---@param id string
---@param opts? { content?: athena.ContentBlock[], steer?: boolean, text?: string }
function M.to_agent(id, opts)
  opts = opts or {}
  local agent = state.agents[id]
  local command_id = client.command_id()
  local prompt = {
    title = ((opts.steer and "steer " or "prompt ") .. agent.name),
    agent = id,
    draft = id,
    text = opts.text,
    folders = function()
      return M.folders_of(state.agents[id] or agent)
    end,
    steers = true,
    content = opts.content,
    send = function(text, content, steer)
      local steers = steer or opts.steer
      client.call(steers and "athena/agent/steer" or "athena/agent/prompt", {
        agent = id,
        text = text,
        content = content,
        commandId = command_id,
      })
    end,
  }
  local buffer = M.open(prompt)
  client.request("athena/agent/get", { agent = id }, function(_, detail)
    prompt.commands = detail and detail.capabilities.commands
    if vim.api.nvim_get_current_buf() == buffer and vim.fn.mode() == "i" then
      offer()
    end
  end)
end

return M
