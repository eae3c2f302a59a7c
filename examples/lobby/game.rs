//! The rules of tic-tac-toe. Nothing here knows of connections.

use std::fmt;

use serde::Serialize;
use ws_runtime::prelude::*;

// ANCHOR: game
/// Whose a cell is, and whose turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) enum Mark {
    X,
    O,
}

/// A game of two players, who are known by name. X begins.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Game {
    players: Vec<String>,
    /// Nine cells, row by row.
    board: [Option<Mark>; 9],
    winner: Option<Mark>,
}

/// Why a move is refused: what the player is told.
#[derive(Debug, Eq, PartialEq, Reject)]
pub(crate) enum MoveError {
    #[reject(403, "you are watching")]
    Watching,
    #[reject(409, "wait for another player")]
    Alone,
    #[reject(409, "it is not your turn")]
    NotYourTurn,
    #[reject(409, "taken by {by}")]
    Taken { by: Mark },
    #[reject(400, "there is no cell {cell}")]
    NoSuchCell { cell: usize },
    #[reject(409, "the game is over")]
    Over,
}
// ANCHOR_END: game

/// Rows, columns, diagonals.
const LINES: [[usize; 3]; 8] =
    [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

impl Game {
    /// The seat of a player: that of before, or a free one.
    pub(crate) fn seat(&mut self, name: &str) -> Option<Mark> {
        let seat = self.players.iter().position(|player| player == name).unwrap_or(self.players.len());
        let mark = *[Mark::X, Mark::O].get(seat)?;
        if seat == self.players.len() {
            self.players.push(name.to_owned());
        }
        Some(mark)
    }

    pub(crate) fn place(&mut self, mark: Mark, cell: usize) -> Result<(), MoveError> {
        if self.is_over() {
            return Err(MoveError::Over);
        }
        if self.players.len() < 2 {
            return Err(MoveError::Alone);
        }
        if self.turn() != mark {
            return Err(MoveError::NotYourTurn);
        }
        let place = self.board.get_mut(cell).ok_or(MoveError::NoSuchCell { cell })?;
        if let Some(by) = *place {
            return Err(MoveError::Taken { by });
        }
        *place = Some(mark);
        let board = &self.board;
        if LINES.iter().any(|line| line.iter().all(|&cell| board[cell] == Some(mark))) {
            self.winner = Some(mark);
        }
        Ok(())
    }

    /// Whoever has to move loses.
    pub(crate) fn give_up(&mut self) {
        self.winner = Some(self.turn().other());
    }

    pub(crate) fn is_over(&self) -> bool {
        self.winner.is_some() || self.board.iter().all(Option::is_some)
    }

    /// The name of who has won.
    pub(crate) fn winner(&self) -> Option<&str> {
        Some(&self.players[self.winner? as usize])
    }

    fn turn(&self) -> Mark {
        if self.board.iter().flatten().count().is_multiple_of(2) { Mark::X } else { Mark::O }
    }
}

impl Mark {
    fn other(self) -> Self {
        match self {
            Self::X => Self::O,
            Self::O => Self::X,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
