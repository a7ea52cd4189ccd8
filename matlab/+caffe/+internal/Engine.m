classdef Engine < handle
  % The engine's process, and what is asked of it.
  %
  % A message is two lengths as 32-bit numbers, low byte first, a text of JSON, and bytes. One question is asked after
  % the other, and each is answered.

  properties (Access = private)
    pipe
    % 'idle', 'asked' while an answer is awaited, 'recovering' while one is skipped that Ctrl-C has left.
    stage = 'idle'
    % How it ended, in words; empty while it runs.
    ended = ''
    % The folder in which it looks for files.
    folder = ''
    % How often it was asked where its answers stand.
    syncs = 0
    % What it holds for nets and solvers here, which of these are solvers, and what it may give up.
    held = zeros(1, 0)
    solvers = false(1, 0)
    released = zeros(1, 0)
  end

  properties (Constant, Access = private)
    NOTHING = zeros(0, 1, 'single')
  end

  methods
    function self = Engine()
      node = getenv('CAFFE_NODE');
      if isempty(node)
        node = 'node';
      end
      script = caffe.internal.find_engine();
      self.pipe = caffe.internal.transport(node, {script, 'bridge'});
      try
        self.ask(struct('op', 'version'));
      catch
        error('caffe:engine', ['the engine cannot be started (%s %s). It needs Node.js 20 or newer: install it, or set ' ...
          'CAFFE_NODE to its program.'], node, script);
      end
    end

    function yes = has_ended(self)
      yes = ~isempty(self.ended);
    end

    function [answer, values] = ask(self, request, values)
      % [answer, values] = ask(request, values)
      %   Asks, with single values beside the request where they are given, and waits for the answer and the single
      %   values beside that. What the engine refuses is an error in its words.
      if nargin < 3
        values = self.NOTHING;
      end
      self.make_ready();
      [answer, values] = self.exchange(request, values);
    end

    function take(self, number, is_solver)
      % What the engine holds under that number is used here.
      self.held(end + 1) = number;
      self.solvers(end + 1) = is_solver;
    end

    function yes = holds(self, number)
      yes = any(self.held == number);
    end

    function release(self, number)
      % Nothing here uses what the engine holds under that number any more.
      if self.has_ended() || ~self.holds(number)
        return
      end
      kept = self.held ~= number;
      self.held = self.held(kept);
      self.solvers = self.solvers(kept);
      self.released(end + 1) = number;
      % Not while an answer is awaited, which Ctrl-C has left.
      if strcmp(self.stage, 'idle')
        self.exchange(struct('op', 'sync', 'token', ''), self.NOTHING);
      end
    end

    function [solvers, nets] = release_all(self)
      % Gives up all nets and solvers; how many there were of each.
      solvers = sum(self.solvers);
      nets = numel(self.held) - solvers;
      for number = self.held
        self.release(number);
      end
    end
  end

  methods (Access = private)
    function make_ready(self)
      if self.has_ended()
        error('caffe:engine', '%s', self.ended);
      end
      if strcmp(self.stage, 'recovering')
        self.finish('it was left twice in the middle of an answer');
      elseif strcmp(self.stage, 'asked')
        self.find_answers_end();
      end
      here = pwd();
      if ~strcmp(here, self.folder)
        self.exchange(struct('op', 'setFolder', 'folder', here), self.NOTHING);
        self.folder = here;
      end
    end

    function [answer, values] = exchange(self, request, values)
      self.stage = 'asked';
      self.send(request, values);
      lengths = double(typecast(self.take_values(8, 'uint8'), 'uint32'));
      text = self.take_values(lengths(1), 'uint8');
      values = self.take_values(lengths(2) / 4, 'single');
      self.stage = 'idle';
      message = jsondecode(caffe.internal.utf8(text));
      if isfield(message, 'error')
        error('caffe:engine', '%s', message.error.message);
      end
      if isfield(message, 'number')
        % JSON has no NaN and no infinity.
        answer = str2double(message.number);
      else
        answer = message.ok;
      end
    end

    function send(self, request, values)
      if ~isempty(self.released)
        request.given_up = num2cell(self.released);
        self.released = zeros(1, 0);
      end
      text = caffe.internal.utf8(jsonencode(request));
      message = [typecast(uint32([numel(text), 4 * numel(values)]), 'uint8'), text];
      if ~isempty(values)
        message = [message, reshape(typecast(values, 'uint8'), 1, [])];
      end
      % In one piece, which Ctrl-C leaves whole.
      self.pipe.write(message);
      self.pipe.flush();
    end

    function values = take_values(self, count, kind)
      values = zeros(0, 1, kind);
      if count > 0
        values = self.pipe.read(count, kind);
      end
      if numel(values) < count
        self.finish('it has ended');
      end
    end

    function find_answers_end(self)
      % An answer was not read, or not to its end: asks once more, and skips all up to the answer to that.
      self.stage = 'recovering';
      self.syncs = self.syncs + 1;
      token = sprintf('sync %d', self.syncs);
      self.send(struct('op', 'sync', 'token', token), self.NOTHING);
      last = uint8(['"' token '"}']);
      seen = zeros(1, numel(last), 'uint8');
      while ~isequal(seen, last)
        seen = [seen(2:end), self.take_values(1, 'uint8')];
      end
      self.stage = 'idle';
    end

    function finish(self, why)
      % The engine is not used again.
      how = self.pipe.close();
      if ~isempty(how)
        how = [' (' how ')'];
      end
      self.ended = sprintf(['the engine is gone%s: %s. What it said stands on standard error; caffe.reset_all() lets ' ...
        'another start, for nets and solvers made anew.'], how, why);
      error('caffe:engine', '%s', self.ended);
    end
  end
end
