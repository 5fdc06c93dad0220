-- What people write in their own configuration so that `vim.ui.select` is Telescope, as
-- telescope-ui-select does.
local actions = require("telescope.actions")
local chosen = require("telescope.actions.state")
local finders = require("telescope.finders")
local pickers = require("telescope.pickers")
local sorters = require("telescope.sorters")
local themes = require("telescope.themes")

vim.ui.select = function(items, opts, done)
  local function entry(item)
    local text = (opts.format_item or tostring)(item)
    return { value = item, display = text, ordinal = text }
  end
  pickers
    .new(themes.get_dropdown(), {
      prompt_title = opts.prompt,
      finder = finders.new_table({ results = items, entry_maker = entry }),
      sorter = sorters.get_generic_fuzzy_sorter(),
      attach_mappings = function(buffer)
        actions.select_default:replace(function()
          local found = chosen.get_selected_entry()
          actions.close(buffer)
          done(found and found.value)
        end)
        return true
      end,
    })
    :find()
end

-- `vim.ui.input` in a window of its own that answers later, as snacks and dressing do.
vim.ui.input = function(opts, done)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].buftype = "prompt"
  vim.bo[buffer].bufhidden = "wipe"
  vim.fn.prompt_setprompt(buffer, "> ")
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = "cursor",
    row = 1,
    col = 0,
    width = 50,
    height = 1,
    style = "minimal",
    border = "rounded",
    title = opts.prompt,
  })
  vim.fn.prompt_setcallback(buffer, function(text)
    vim.cmd.stopinsert()
    vim.api.nvim_win_close(window, true)
    vim.schedule(function()
      done(text)
    end)
  end)
  vim.schedule(vim.cmd.startinsert)
end
