package io.hotpair.internal;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Puts calls of {@link Faults} into classes, where the JVM itself might throw an error. */
final class FaultPoints {
    private static final String FAULTS = "io/hotpair/internal/Faults";

    private FaultPoints() {}

    static byte[] atAllocations(byte[] bytes) {
        ClassReader reader = new ClassReader(bytes);
        ClassWriter writer = new ClassWriter(reader, 0);
        reader.accept(
                new ClassVisitor(Opcodes.ASM9, writer) {
                    @Override
                    public MethodVisitor visitMethod(
                            int access,
                            String name,
                            String descriptor,
                            @Nullable String signature,
                            String @Nullable [] exceptions) {
                        MethodVisitor next =
                                super.visitMethod(access, name, descriptor, signature, exceptions);
                        return name.equals("<clinit>") ? next : new Points(next);
                    }
                },
                0);
        return writer.toByteArray();
    }

    private static final class Points extends MethodVisitor {
        Points(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        private void point() {
            super.visitMethodInsn(Opcodes.INVOKESTATIC, FAULTS, "allocate", "()V", false);
        }

        @Override
        public void visitTypeInsn(int opcode, String type) {
            super.visitTypeInsn(opcode, type);
            // Not before it: stack maps tell a new object by the place of its instruction.
            if (opcode == Opcodes.NEW || opcode == Opcodes.ANEWARRAY) {
                point();
            }
        }

        @Override
        public void visitIntInsn(int opcode, int operand) {
            if (opcode == Opcodes.NEWARRAY) {
                point();
            }
            super.visitIntInsn(opcode, operand);
        }

        @Override
        public void visitMethodInsn(
                int opcode, String owner, String name, String descriptor, boolean isInterface) {
            // Methods of the JDK that take memory, and the slab, which may have to take a chunk.
            boolean takes =
                    (owner.equals("java/util/Arrays") && name.startsWith("copyOf"))
                            || name.equals("clone")
                            || (owner.startsWith("java/util/") && name.equals("put"))
                            || (owner.startsWith("java/util/") && name.equals("add"))
                            || (owner.endsWith("/Slab") && name.startsWith("allocate"));
            if (takes) {
                point();
            }
            super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
        }
    }
}
