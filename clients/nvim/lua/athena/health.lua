---`:checkhealth athena`

local M = {}

local health = vim.health

local function check_neovim()
  health.start("Neovim")
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok("Neovim " .. tostring(vim.version()))
  else
    health.error("Neovim 0.10 or newer is needed", "Upgrade Neovim.")
  end
  if pcall(vim.treesitter.language.add, "markdown") then
    health.ok("The Markdown parser is here: transcripts are highlighted.")
  else
    health.warn("There is no Markdown parser: transcripts are plain text.", {
      "Install the parsers that belong to Neovim, or `:TSInstall markdown markdown_inline`.",
    })
  end
end

---@return boolean
local function check_program()
  health.start("Athena")
  local command = require("athena.config").program("--version")
  if not command then
    health.error("The program `athena` is not on Neovim's PATH.", {
      "Install it: `uv tool install athena-agents` or `pipx install athena-agents`.",
      'Or say where it is: `require("athena").setup { command = { "/path/to/athena" } }`.',
    })
    return false
  end
  local done = vim.system(command, { text = true }):wait(10000)
  if done.code ~= 0 then
    health.error(("`%s` ends with %d"):format(table.concat(command, " "), done.code), {
      vim.trim(done.stderr or ""),
    })
    return false
  end
  health.ok(vim.trim(done.stdout or ""))
  return true
end

local function check_connection()
  local client = require("athena.client")
  if client.state == "running" and client.info then
    local info = client.info
    health.ok(("Connected: version %s, pid %d, %s"):format(info.version, info.pid, info.stateDir))
  elseif client.state == "off" then
    health.info("Not connected; any :Athena command connects.")
  else
    health.warn(("Not connected: %s"):format(client.why or client.state), ":Athena restart")
  end
end

local function check_doctor()
  health.start("Set-up (`athena doctor`)")
  local command = require("athena.config").program("doctor")
  if not command then
    return
  end
  local done = vim.system(command, { text = true }):wait(60000)
  local say = done.code == 0 and health.ok or health.warn
  say(vim.trim((done.stdout or "") .. (done.stderr or "")))
end

function M.check()
  check_neovim()
  if check_program() then
    check_connection()
    check_doctor()
  end
end

return M
