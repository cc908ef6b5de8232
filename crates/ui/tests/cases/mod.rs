mod assets;
mod pictures;
mod words;
