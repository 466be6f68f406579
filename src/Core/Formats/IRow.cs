namespace Mesh.Core.Formats;

/// <summary>
/// A row on disk that says how it is to be read. What is only added to a row needs no new format: who does not know a field carries it along
/// and writes it back. The format grows when an older program would misread the row; a program reads a new format one release before it writes it,
/// so that two releases run side by side.
/// </summary>
/// <typeparam name="TSelf">The row's own type.</typeparam>
public interface IRow<out TSelf>
{
    /// <summary>The format this row was written in. 1 is that of before rows said it.</summary>
    int Format { get; }

    /// <summary>The newest format that this program knows, which it writes.</summary>
    static abstract int Newest { get; }

    /// <summary>The row as it is to be written.</summary>
    TSelf InNewest();
}
