"""Training configurations of other tools, read as a recipe: axolotl, LLaMA-Factory, TRL, torchtune and more."""

from tunecase.compute.configs.read import read_config
