classdef Held < handle
  % What the engine keeps for a net or a solver, until no object of it is left here.

  properties (Access = private)
    engine
    number
    what
  end

  methods
    function self = Held(engine, number, what)
      self.engine = engine;
      self.number = number;
      self.what = what;
      engine.take(number, strcmp(what, 'solver'));
    end

    function delete(self)
      try
        self.engine.release(self.number);
      catch
        % The engine is gone, which the next question says.
      end
    end

    function [answer, values] = ask(self, varargin)
      % As Engine.ask; an error where the engine has given it up.
      if ~self.engine.has_ended() && ~self.engine.holds(self.number)
        error('caffe:engine', 'this %s was given up by caffe.reset_all(). Expected one that was made after it.', self.what);
      end
      [answer, values] = self.engine.ask(varargin{:});
    end
  end
end
